"""Reference data of Kosovo*: small files that ship with the program, and their readers."""
