"""Servers that speak OpenAI's chat completions: vLLM, Ollama, llama.cpp, LM Studio, hosted ones."""

from overshoot.adapters.inference.openai.backend import OpenAIBackend

__all__ = ["OpenAIBackend"]
