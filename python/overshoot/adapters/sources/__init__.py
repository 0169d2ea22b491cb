"""Where frames come from: one module per technology, and what they share."""
