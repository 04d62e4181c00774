"""Training of a member's network: the loop over epochs, its losses, optimiser and checkpoints."""
