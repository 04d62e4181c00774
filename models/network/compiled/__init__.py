"""What serves in place of TensorFlow: network, heads and processes in compiled code."""
