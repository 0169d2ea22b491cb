"""Where a gateway tells what it did."""
