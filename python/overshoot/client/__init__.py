"""Façades of the specification: the names that applications import."""
