"""Backups: made while everything goes on, checked, and put back."""
