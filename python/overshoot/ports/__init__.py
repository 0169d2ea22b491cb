"""What the application needs from outside, one Protocol a file; each docstring is the contract."""
