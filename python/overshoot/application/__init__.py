"""The use cases: ports and rules put to work."""
