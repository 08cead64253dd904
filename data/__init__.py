"""Where data is kept: the database, the reference data of Kosovo*, the scenarios."""
