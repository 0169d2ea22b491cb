"""The specification's name for ``python -m overshoot.demos.action_detector``."""

from runpy import run_module

run_module("overshoot.demos.action_detector", run_name="__main__")
