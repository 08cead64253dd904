"""A real server is killed under full load, again and again: what it acknowledged is there, once."""
