"""The door: who is asked for, and how somebody signs in."""
