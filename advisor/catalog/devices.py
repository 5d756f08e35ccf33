"""What is known of devices beside their boards: who makes them, and what else people call them."""

from __future__ import annotations

from collections.abc import Iterable

from advisor.architectures.names import device_of, folded
from advisor.catalog.csv_table import read_csv
from advisor.catalog.files import File
from advisor.errors import closest, shown

MAKERS_FILE = "makers.csv"
MAKERS_COLUMNS = ("device", "maker")
DEVICE_ALIASES_FILE = "device-aliases.csv"
DEVICE_ALIASES_COLUMNS = ("name", "device")

MOST_OFFERED = 4
"""So many devices are offered that somebody may mean."""


def read_device_aliases(file: File) -> dict[str, str]:
    """Read `device-aliases.csv`: other names of devices.

    Returns:
        The device by each of these names, folded.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    table = read_csv(file, DEVICE_ALIASES_COLUMNS)
    names, devices = (table.labels(column).tolist() for column in DEVICE_ALIASES_COLUMNS)
    found: dict[str, str] = {}
    for row, (name, device) in enumerate(zip(names, devices, strict=True)):
        if found.setdefault(folded(name), device) != device:
            table.note(row, "name", name, "each name once")
    table.finish()
    return found


def read_makers(file: File) -> dict[str, tuple[str, ...]]:
    """Read `makers.csv`: a line for each device and each of its makers.

    Returns:
        The makers by device, in the order of the lines.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    table = read_csv(file, MAKERS_COLUMNS)
    devices = table.labels("device").tolist()
    makers = [each.strip() for each in table.texts("maker").tolist()]
    found: dict[str, tuple[str, ...]] = {}
    for row, (device, maker) in enumerate(zip(devices, makers, strict=True)):
        if not maker:
            table.note(row, "maker", "nothing", "who makes it")
        found[device] = (*found.get(device, ()), maker)
    table.finish()
    return found


def board_hint(text: str, boards: Iterable[str]) -> str:
    """What may be meant by a name that none of some boards has: the nearest, and what has its words."""
    boards = set(boards)
    devices = set(map(device_of, boards))
    hint = closest(text, boards | devices)
    words = folded(text).split("-")
    alike = sorted(each for each in devices if all(word in each for word in words))
    if len(alike) > 1:
        starts = all(each.startswith(words[0]) for each in alike) and len(words) == 1
        pattern = f"{words[0]}*" if starts else f"*{'*'.join(words)}*"
        nearest = hint.removeprefix("did you mean ").rstrip("?") if "did you mean" in hint else ""
        return (
            f"did you mean {nearest + ', or ' if nearest else ''}all {len(alike)} of {pattern!r}?"
        )
    if hint.startswith("did you mean") or not alike:
        return hint
    return f"did you mean {' or '.join(map(shown, alike[:MOST_OFFERED]))}?"
