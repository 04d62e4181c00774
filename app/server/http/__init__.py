"""HTTP/1.1 on one connection, with bounds on what a client sends and takes."""
