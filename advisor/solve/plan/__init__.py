"""Several networks that share one board."""
