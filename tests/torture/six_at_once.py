"""Six commands at once on one catalog: each ends well, and nothing of what they wrote is lost."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from tests.crashes import read
from tests.crashing_writers import table
from tests.torture.commands import begun, fault_of

AT_ONCE = 6


def cases(draw: random.Random, folder: Path) -> Iterator[str]:
    """Six commands a case: some write the same board, some read."""
    own = folder / "own"
    written: set[str] = set()
    tables = [str(table(folder, factor)) for factor in (1.0, 2.0, 3.0)]
    while True:
        commands = []
        for _ in range(AT_ONCE):
            board = f"lab-{draw.randrange(4)}"
            if written and draw.random() < 0.4:
                known = draw.choice(sorted(written))
                commands.append(("pick", "--board", known, "--fps", "1", "--catalog", str(own)))
            else:
                written.add(board)
                commands.append(
                    ("import", "csv", draw.choice(tables), "--board", board, "--catalog", str(own))
                )
        running = [(begun(each, folder), each) for each in commands]
        faults = [said for process, each in running if (said := fault_of(process, each))]
        try:
            read(own)
            lost = written - {each.name for each in (own / "boards").iterdir()}
            faults += [f"lost: {sorted(lost)}"] if lost else []
            stray = [str(each) for each in own.rglob(".*") if each.name != ".lock"]
            faults += [f"left behind: {stray}"] if stray else []
        except Exception as error:  # noqa: BLE001  (that is what is sought)
            faults.append(f"{type(error).__name__}: {error}")
        yield "; ".join(faults)
