"""Doubles for callers' own tests: a clock that tests move, a backend that follows a script."""
