"""The offline backend: motion, camera, light, colours, QR codes and hands, from pixels alone."""

from overshoot.adapters.inference.local.backend import LocalBackend

__all__ = ["LocalBackend"]
