"""Evaluation of ensembles: the paper's Table I again, and errors in W/(m K)."""
