"""Who makes devices: the board, and the chips on it that run networks."""

from __future__ import annotations

from advisor.catalog.csv_table import read_csv
from advisor.catalog.files import File

MAKERS_FILE = "makers.csv"
MAKERS_COLUMNS = ("device", "maker")


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
