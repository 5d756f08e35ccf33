"""Answers as people and programs read them: terminal tables, JSON, CSV."""
