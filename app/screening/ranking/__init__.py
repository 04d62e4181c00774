"""Ranking, report and shortlist of a screening's table."""
