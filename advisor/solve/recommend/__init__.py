"""The choice: filter, rank, explain, and say what would have to give."""
