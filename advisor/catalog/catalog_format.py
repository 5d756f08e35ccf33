"""The version of a catalog's files, which stands in its `catalog.yaml`."""

from __future__ import annotations

from pathlib import Path

from advisor.catalog.files import write_whole
from advisor.catalog.yaml_file import Fields, read_yaml
from advisor.errors import AdvisorError, shown

FILE = "catalog.yaml"
FORMAT = 2
"""What this advisor writes. Format 1 had no such file; it is read as it is."""


def read_format(catalog: Path) -> int:
    """The format of a catalog.

    Raises:
        BrokenFileError: its file is broken.
        AdvisorError: it is of a later format than this advisor reads.
    """
    path = catalog / FILE
    if not path.exists():
        return 1
    fields = Fields(path, read_yaml(path))
    text = fields.text("format", required=True)
    if text and not (text.isascii() and text.isdecimal() and 1 <= int(text) < 1000):
        fields.note(fields.block.entries["format"].mark, shown(text), f"a format, 1 to {FORMAT}")
    fields.finish()
    found = int(text)
    if found > FORMAT:
        raise AdvisorError(
            f"{path}: a catalog of format {found}, and this advisor reads formats 1 to {FORMAT}",
            "install a newer dnn-advisor",
        )
    return found


def write_format(catalog: Path) -> None:
    """Mark a catalog as of the present format.

    Raises:
        AdvisorError: the file cannot be written.
    """
    write_whole(catalog / FILE, f"format: {FORMAT}\n")
