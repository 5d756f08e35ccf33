"""Closing the loop: a pick measured until it is known to lead."""
