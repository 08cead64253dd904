"""Layout functions, one a screen, and the words on them."""
