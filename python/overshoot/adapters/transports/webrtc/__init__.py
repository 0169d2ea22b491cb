"""The Media Gateway API v0.2: aiohttp for signalling and results, aiortc for media."""
