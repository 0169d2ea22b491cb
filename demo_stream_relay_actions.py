"""The specification's name for ``python -m overshoot.demos.stream_relay_actions``."""

from runpy import run_module

run_module("overshoot.demos.stream_relay_actions", run_name="__main__")
