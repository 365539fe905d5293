"""Whose matter it is."""
