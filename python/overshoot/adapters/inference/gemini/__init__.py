"""The Gemini API, over Google's own library (the extra ``gemini``)."""

from overshoot.adapters.inference.gemini.backend import GeminiBackend

__all__ = ["GeminiBackend"]
