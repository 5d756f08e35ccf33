"""Choosing: requirements, candidates, the recommendation, and why."""
