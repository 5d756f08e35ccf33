"""The command line: parses, calls, prints."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line, see `advisor.cli.app.main`; Ctrl-C ends it at once, while it loads, too."""
    try:
        from advisor.cli.app import main as run  # takes most of the start of a command

        run()
    except KeyboardInterrupt:
        sys.exit(130)
