"""Export of a trained ensemble: weights, evidence, manifest, model card."""
