"""The command line: parses, calls, prints."""

from advisor.cli.app import main

__all__ = ["main"]
