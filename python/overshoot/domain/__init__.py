"""The rules, in plain values: no I/O, no clock, no framework."""
