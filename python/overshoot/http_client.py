"""`OvershootHttpClient`, under the name of the specification's module."""

from overshoot.client.http_client import OvershootHttpClient

__all__ = ["OvershootHttpClient"]
