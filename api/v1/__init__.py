"""Version 1 of the JSON API: one module a resource, each with a factory that gives a blueprint."""
