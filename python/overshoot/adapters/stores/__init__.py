"""Places where actions are kept."""
