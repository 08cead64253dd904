"""What is measured and how: each module prints a table of figures taken in one run."""
