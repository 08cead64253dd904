"""Thin wrappers between the browser and the services, one module a screen."""
