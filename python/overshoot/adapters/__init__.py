"""Ports filled: a folder per port, a file per technology."""
