"""Make the boards of the shipped catalog from published tables, and say what was left out.

    make boards TABLES=DIR

DIR holds copies of the tables as `TABLES` below names them. Each is read as `advisor import` reads it, into
`catalog/`; what that brings, and what it leaves out and why, is printed and kept in `docs/boards.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from advisor.catalog.importers.published import ImportedTable, import_boards

ROOT = Path(__file__).resolve().parent.parent

TABLES = (
    ("mlperf", "mlperf"),
    ("qualcomm", "qualcomm"),
    ("ncnn", "ncnn/README.md"),
    ("hailo", "hailo"),
    ("rknn", "rknn/README.md"),
)
"""The formats, and where in DIR each one's table lies."""

HEAD = """# The shipped boards

Made by `make boards` from published tables; `catalog/LICENSES/NOTICE.md` says whose they are,
`catalog/sources.yaml` of which state. Rows that are left out of a table are counted here by reason.
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


def main() -> None:
    """Import every table, and write down what came of it."""
    if len(sys.argv) != 2:
        raise SystemExit("give the folder of the tables: make boards TABLES=DIR")
    text = [HEAD]
    for format, place in TABLES:
        path = Path(sys.argv[1]) / place
        text += lines(format, import_boards(format, path, catalog=ROOT / "catalog"))
    said = "\n".join(text) + "\n"
    (ROOT / "docs/boards.md").write_text(said, encoding="utf-8")
    print(said)


if __name__ == "__main__":
    main()
