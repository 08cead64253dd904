"""A track file is read in a process of its own: how it starts, what it may cost, what it tells."""
