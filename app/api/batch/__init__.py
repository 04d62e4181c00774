"""Many crystals in one request: what is in its body, and the answer line by line."""
