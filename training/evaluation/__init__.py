"""What ensembles are worth: the paper's Table I again, and the same models in W/(m K)."""

from training.scoring.honest import HonestErrors, as_metrics, honest_errors

__all__ = ["HonestErrors", "as_metrics", "honest_errors"]
