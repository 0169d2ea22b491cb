"""Functions and classes of the user's own, in threads, in processes or on the event loop."""

from overshoot.adapters.inference.callable.backend import CallableBackend

__all__ = ["CallableBackend"]
