"""The ``overshoot`` command."""

from overshoot.cli.app import main

__all__ = ["main"]
