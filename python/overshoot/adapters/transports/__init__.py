"""Ways to reach a gateway."""
