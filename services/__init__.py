"""Use cases: what the screens, the interface and the commands ask for."""
