"""Files of actions that need more than Python."""
