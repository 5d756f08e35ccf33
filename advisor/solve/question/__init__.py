"""What someone asks: limits, an objective, what may be chosen from, and the files that say so."""
