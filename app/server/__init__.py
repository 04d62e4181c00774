"""The HTTP server: its socket, the limits on connections and request heads, its logs."""
