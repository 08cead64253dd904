"""One map layer a file, the registry of them, the composer and the theme."""
