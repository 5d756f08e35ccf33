"""Little memory, few files and processes, no room, odd locales, time zones and clocks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from tests.crashing_writers import table
from tests.torture.commands import fault


def processes(most: int) -> str:
    """Shell that limits how many processes and threads there may be, which binds nobody who is root."""
    limit = f"ulimit -u {most} 2>/dev/null || ulimit -p {most}"
    other = "setpriv --reuid=65534 --regid=65534 --clear-groups"
    rights = "--inh-caps=-all,+dac_override --ambient-caps=+dac_override"
    return (
        f'if [ "$(id -u)" = 0 ]; then exec {other} {rights} sh -c \'{limit}; exec "$@"\' sh "$@"; fi; '
        + limit
    )


LIMITS = (
    "ulimit -v 150000",
    "ulimit -v 400000",
    "ulimit -n 12",
    "ulimit -n 32",
    "ulimit -f 0",
    "ulimit -f 8",
    "ulimit -t 60",
    "ulimit -s 256",
    *map(processes, (1, 8)),
)
PLACES = (
    {"LC_ALL": "C"},
    {"LC_ALL": "POSIX", "PYTHONUTF8": "0"},
    {"LC_ALL": "tr_TR.UTF-8"},
    {"LANG": "nobody", "LC_NUMERIC": "de_DE"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "cp437"},
    {"TZ": "Pacific/Kiritimati"},
    {"TZ": "nowhere/at-all"},
    {"TZ": ":/etc/passwd"},
    {"COLUMNS": "1"},
    {"COLUMNS": "9999999"},
    {"HOME": "/nonexistent"},
    {"TMPDIR": "/nonexistent"},
)


def cases(draw: random.Random, folder: Path) -> Iterator[str]:
    """One command a case, in one of these."""
    file = str(table(folder))
    while True:
        own = folder / f"own-{draw.randrange(3)}"
        writing = ("import", "csv", file, "--board", "lab", "--catalog", str(own))
        command = draw.choice(
            (
                ("pick", "--fps", "30"),
                ("pick", "--board", "any", "--fps", "30", "--top", "50"),
                ("boards", "--json"),
                ("explore", "--board", "jetson-tx1", "-o", str(folder / "page.html")),
                ("predict", "advisor.architectures.alexnet:nosuch", "--input", "3x224x224"),
                writing,
                writing,
            )
        )
        limited = draw.random() < 0.5
        before = draw.choice(LIMITS) if limited else ""
        yield fault(command, folder, {} if limited else draw.choice(PLACES), before)
