"""Clips with PyAV, and the folder they are kept in."""
