"""Looking at what an installation needs: network, codecs, gateway, model server."""
