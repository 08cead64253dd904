"""Bytes to reports and back, pure: one protocol or file format a module, one registry."""
