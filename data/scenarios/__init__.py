"""Scenario files, and the reader that makes values of the domain of them."""
