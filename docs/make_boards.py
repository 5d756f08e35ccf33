"""Make the boards of the shipped catalog from published tables, and say what was left out.

    make boards TABLES="DIR ..."

The folders hold copies of the tables as `TABLES` below names them, such as clones of their repositories;
of a table that several hold, that of the first counts. Each is read as `advisor import` reads it, into
`catalog/`; what that brings, and what it leaves out and why, is printed and kept in
`docs/explanation/shipped-boards.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path

from other_boards import READERS as OTHERS

from advisor.catalog.importers.published import FORMATS, ImportedTable, Reader, import_with
from advisor.catalog.importers.timm_results import read as read_timm

ROOT = Path(__file__).resolve().parent.parent

TABLES = (
    ("timm", "timm"),
    ("mlperf", "mlperf"),
    ("qualcomm", "qualcomm"),
    ("ncnn", "ncnn/README.md"),
    ("hailo", "hailo"),
    ("rknn", "rknn/README.md"),
    *((format, "others.csv") for format in OTHERS),
)
"""What the boards' files are called, and where in a folder each one's table lies.

`timm` is the folder `results` of pytorch-image-models, or some of its files; `others.csv` holds the tables of
several small pages, see `other_boards.py`.
"""

READERS: Mapping[str, Reader] = {
    "timm": read_timm,
    **OTHERS,
    **{each: import_module(f"advisor.catalog.importers.{each}").read for each in FORMATS},
}

HEAD = """# The shipped boards

Made by `make boards` from published tables; `catalog/LICENSES/NOTICE.md` says whose they are,
`catalog/sources.yaml` of which state. Rows that are left out of a table are counted here by reason.

Not shipped of `others.csv`: Telechips' pages, which state no licence; microcontrollers by MLPerf Tiny,
whose networks are for small images of other data sets, sounds and anomalies; TI's boards but the AM62,
whose times are of an emulation.
"""


def lines(format: str, found: ImportedTable) -> Iterator[str]:
    """What one table brought, as Markdown."""
    yield f"\n## {format}\n"
    yield (
        f"{len(found.boards)} boards, {found.rows:,} rows, {found.networks} networks "
        f"({found.identified} of them known by other names), {found.accuracies:,} accuracies.\n"
    )
    yield from (f"- left out: {count:,} rows: {why}" for why, count in found.left_out.items())
    yield from (f"- {note}" for note in found.notes)


def found_in(folders: Sequence[str], place: str) -> Path:
    """Where a table lies, in the first of the folders that has it."""
    for folder in folders:
        if (path := Path(folder) / place).exists():
            return path
    raise SystemExit(f"{place} is in none of {', '.join(folders)}")


def main() -> None:
    """Import every table, and write down what came of it."""
    if len(sys.argv) < 2:
        raise SystemExit('give the folders of the tables: make boards TABLES="DIR ..."')
    paths = [(format, found_in(sys.argv[1:], place)) for format, place in TABLES]
    text = [HEAD]
    for format, path in paths:
        found = import_with(READERS[format], format, path, catalog=ROOT / "catalog")
        text += lines(format, found)
    said = "\n".join(text) + "\n"
    (ROOT / "docs/explanation/shipped-boards.md").write_text(said, encoding="utf-8")
    print(said)


if __name__ == "__main__":
    main()
