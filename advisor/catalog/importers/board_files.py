"""The files of a board that is made of other tools' results, and the source that its rows name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from advisor.architectures.names import NAME, NAME_EXPECTED, board_fault
from advisor.catalog.accuracy_table import read_accuracies
from advisor.catalog.entries import read_architectures, read_board, read_sources
from advisor.catalog.files import Content, read_text, readable, write_whole
from advisor.catalog.measurements_table import Row, measurements_csv, read_measurements
from advisor.catalog.tables import read_reported, read_weights
from advisor.catalog.writers import made_aside
from advisor.catalog.yaml_file import Entries, yaml_text
from advisor.catalog.zoo import ACCURACY_END, REPORTED_END, WEIGHTS_END
from advisor.errors import AdvisorError, BrokenFileError, printable, shown
from advisor.quantities import MEMORY, POWER, parse
from advisor.stages import stage

MARK = "# Written by `advisor import`."
IMPORTED = "imported; the name of this source is a digest of their content"
"""How a source says that an import has written it."""
OWN_RESULTS = "the user's own results: "
"""How the citation of such a source begins."""
REFERRING = ("*.yaml", "*.csv", "zoo/*.csv", "boards/*/*")
"""The files of a catalog that may name a source."""

Drafts: TypeAlias = Mapping[Path, str]
"""What files of a catalog are to hold; "" for one that stays as it is."""

Stated: TypeAlias = Mapping[str, "str | Entries | None"]
"""Entries of a `board.yaml`; `None` for one that is to go."""

READERS: Mapping[str, Callable[[Content], object]] = {
    "sources.yaml": read_sources,
    "architectures.yaml": partial(read_architectures, sources=None),
    "board.yaml": lambda draft: read_board(draft.path.parent, "", None, draft),
    ACCURACY_END: partial(read_accuracies, architectures=None, sources=None),
    "accuracy.csv": partial(read_accuracies, architectures=None, sources=None),
    WEIGHTS_END: partial(read_weights, architectures=None, sources=None),
    REPORTED_END: partial(read_reported, sources=None),
}
"""What reads a file of a catalog, by how its name ends."""


def digest(files: Iterable[Path]) -> str:
    """The SHA-256 digest of files, one after the other.

    Raises:
        AdvisorError: one cannot be read.
    """
    found = hashlib.sha256()
    for file in files:
        with readable(file), file.open("rb") as stream:
            while piece := stream.read(1_000_000):
                found.update(piece)
    return found.hexdigest()


def source_key(board: str, files: Sequence[Path]) -> str:
    """The name of the source that rows of these files name; it differs for other content.

    Raises:
        AdvisorError: the board's name is not a name, or a file cannot be read.
    """
    if fault := board_fault(board):
        raise AdvisorError(f"board: {shown(board)} is not a name for a board", fault)
    return f"import-{board[:60]}-{digest(files)[:8]}"


def same_board(source: str, other: str) -> bool:
    """Whether two sources, whatever their content, are of one board."""
    return source.rpartition("-")[0] == other.rpartition("-")[0]


def check_board(
    catalog: Path, board: str, rows: Sequence[Row], source: str, places: Sequence[str] = ()
) -> None:
    """Refuse what `write_board` would refuse, before anything is written; `places` as of `check_rows`.

    Raises:
        AdvisorError: the board exists and was not imported, or a row cannot be one of the catalog's.
    """
    folder = catalog / "boards" / board
    description = folder / "board.yaml"
    if description.exists() and not read_text(description).startswith(MARK):
        raise AdvisorError(
            f"board {board} in {catalog} exists and was not imported", "name another --board"
        )
    if not description.exists() and (folder / "runs").exists():
        raise AdvisorError(f"board {board} in {catalog} is being measured", "name another --board")
    check_rows(rows, {source}, places)


def write_board(
    catalog: Path,
    board: str,
    description: Mapping[str, str],
    rows: Sequence[Row],
    files: Sequence[Path],
    source: str,
    stated: Stated | None = None,
) -> Path:
    """Write a board's files, all at once, and add its source to the catalog's.

    Only who holds the catalog's lock may.

    Args:
        catalog: the user's catalog folder.
        board: the board's name.
        description: entries of its `board.yaml`, where there is none yet: a title, and what else is known.
        rows: its rows.
        files: where they come from.
        source: the source's name, from `source_key`.
        stated: entries that the user states now, and those that no longer hold, as `None`. All else that
            stands in the file already, stays.

    Returns:
        The board's folder.

    Raises:
        AdvisorError: as `check_board` has it, or a file cannot be written.
    """
    with stage(f"checking board {board}"):
        check_board(catalog, board, rows, source)
    folder = catalog / "boards" / board
    text = description_of(catalog, board, description, source, stated)
    drafts = {catalog / "sources.yaml": with_source(catalog, source, files)}
    read_back({**drafts, folder / "board.yaml": text})
    write_drafts(drafts)
    with stage(f"writing board {board}"), made_aside(folder) as aside:
        write_whole(aside / "measurements.csv", measurements_csv(rows))
        write_whole(aside / "board.yaml", text)
    return folder


def description_of(
    catalog: Path,
    board: str,
    description: Mapping[str, str],
    source: str,
    stated: Stated | None = None,
) -> str:
    """The `board.yaml` of an imported board, as `write_board` writes it."""
    path = catalog / "boards" / board / "board.yaml"
    entries = {"note": "As reported; not measured by advisor.", **description}
    text = text_of(path) or MARK + "\n" + yaml_text(entries)
    return with_entries(text, {**(stated or {}), "source": source})


def as_written(key: str) -> re.Pattern[str]:
    """What an entry of a YAML file is as it is written there, with all that is indented below it."""
    return re.compile(rf"^{re.escape(key)}[ ]*:.*\n?(?:[ \t]+.*\n?)*", re.MULTILINE)


def with_entries(text: str, entries: Stated) -> str:
    """A YAML file with some of its entries replaced, added or, where `None`, removed; all else stays."""
    for key, value in entries.items():
        entry = "" if value is None else yaml_text({key: value})
        there = as_written(key)
        if there.search(text):
            text = there.sub(lambda _, entry=entry: entry, text, count=1)  # type: ignore[misc]
        elif entry:
            text += ("" if text.endswith("\n") else "\n") + entry
    return text


def stated_entries(
    source: str, stated: Mapping[str, str | None]
) -> dict[str, str | Mapping[str, str]]:
    """What the user states of a board, as entries of its `board.yaml`.

    Args:
        source: what stated figures name as their source.
        stated: a title, weights, memory_scope, power_scope; memory as "4 GB"; idle_power as "1.3 W", or as
            "<= 2 W" where only a bound is known.

    Raises:
        AdvisorError: one cannot be read.
    """
    weights, memory, idle_power = (stated.get(key) for key in ("weights", "memory", "idle_power"))
    texts = ("title", "weights", "memory_scope", "power_scope")
    entries: dict[str, str | Mapping[str, str]] = {
        key: text for key in texts if (text := stated.get(key))
    }
    if weights and not NAME.fullmatch(weights):
        raise AdvisorError(f"weights: {shown(weights)} is not a name", NAME_EXPECTED)
    if memory:
        parse(memory, MEMORY, "memory")
        entries["memory"] = {"value": memory}
    if idle_power:
        bare = idle_power.strip().removeprefix("<=").strip()
        parse(bare, POWER, "idle-power")
        figure = "value" if bare == idle_power.strip() else "at_most"
        entries["idle_power"] = {figure: bare, "origin": "declared", "source": source}
    return entries


def weights_of(catalog: Path, board: str) -> str:
    """The sets of weights that a board of that name in a catalog names; "" where there is none."""
    folder = catalog / "boards" / board
    return read_board(folder, "", None).weights if (folder / "board.yaml").exists() else ""


def title_of(files: Sequence[Path]) -> str:
    """What a board is called whose user gives it no title."""
    return f"imported from {_named(files)}"


def has_given_title(catalog: Path, board: str) -> bool:
    """Whether a board of that name in a catalog has a title that is not the one its import gave it."""
    folder = catalog / "boards" / board
    if not (folder / "board.yaml").exists():
        return False
    known = read_board(folder, "", None)
    source = read_sources(catalog / "sources.yaml").get(known.source)
    files = source.citation.removeprefix(OWN_RESULTS) if source else ""
    return known.title != f"imported from {files}"


def rows_before(catalog: Path, board: str) -> int:
    """How many rows a board of that name has in a catalog already."""
    path = catalog / "boards" / board / "measurements.csv"
    if not path.is_file():
        return 0
    with path.open(encoding="utf-8", errors="replace") as lines:
        return max(0, sum(1 for _ in lines) - 1)


def certain_idle(catalog: Path, board: str) -> float | None:
    """What a board of that name in a catalog draws while idle, in W; `None` where that is not known."""
    folder = catalog / "boards" / board
    if not (folder / "board.yaml").exists():
        return None
    idle = read_board(folder, "", None).certain_idle_w
    return idle.value if idle else None


def check_rows(rows: Sequence[Row], sources: Collection[str], places: Sequence[str] = ()) -> None:
    """Refuse rows that the catalog would refuse, before anything is written.

    Args:
        rows: the rows.
        sources: those that they may name.
        places: where each comes from, for messages.

    Raises:
        AdvisorError: it names the first fault.
    """
    table = Content(Path("measurements.csv"), measurements_csv(rows))
    try:
        read_measurements(table, {str(row["architecture"]) for row in rows}, sources)
    except BrokenFileError as error:
        fault = error.faults[0]
        place = places[fault.line - 2] if places else f"row {fault.line - 1}"
        raise AdvisorError(
            f"{place}, column {fault.column}: {fault.found} cannot become part of a "
            f"board; expected {fault.expected}",
            "mend the file and import it again",
        ) from None


def text_of(path: Path) -> str:
    """What a file of a catalog holds; "" where there is none.

    Raises:
        BrokenFileError: it is no file of text.
    """
    return read_text(path) if path.exists() else ""


def read_back(drafts: Drafts) -> None:
    """Refuse what the catalog's own readers could not read, before any of it is written.

    Raises:
        AdvisorError: it names the first fault.
    """
    for path, text in drafts.items():
        read = next((each for end, each in READERS.items() if path.name.endswith(end)), None)
        try:
            if read and text:
                read(Content(path, text))
        except BrokenFileError as error:
            fault = error.faults[0]
            column = f"{fault.column} " if path.suffix == ".csv" and fault.column else ""
            raise AdvisorError(
                f"{column}{fault.found} cannot become part of {path}: expected {fault.expected}; "
                "nothing was written",
                "mend the file that is imported, or that part of the catalog, and import it again",
            ) from None


def write_drafts(drafts: Drafts) -> None:
    """Write files of a catalog that were read back; those that already are so, stay.

    Raises:
        AdvisorError: one cannot be written.
    """
    for path, text in drafts.items():
        if text and text != text_of(path):
            write_whole(path, text, make_folder=True)


def with_source(catalog: Path, key: str, files: Sequence[Path]) -> str:
    """A catalog's `sources.yaml` with the source of imported rows.

    Raises:
        AdvisorError: the file is broken.
    """
    path = catalog / "sources.yaml"
    text = text_of(path)
    if text and key in read_sources(path):
        return text
    entry = {
        key: {
            "citation": OWN_RESULTS + _named(files),
            "read": f"{IMPORTED} ({key[-8:]})",
            "error": "as reported, unknown where no interval is given",
        }
    }
    return text + ("" if not text or text.endswith("\n") else "\n") + yaml_text(entry)


def _named(files: Sequence[Path]) -> str:
    return ", ".join(printable(file.name) for file in files[:5]) + (
        ", ..." if len(files) > 5 else ""
    )


def drop_former_sources(catalog: Path, source: str) -> None:
    """Remove the sources of earlier imports of a board to which nothing in the catalog refers any more.

    Those that somebody wrote, or rewrote, stay.

    Args:
        catalog: the user's catalog folder, all of whose other files are written.
        source: the source of the board as it is now.

    Raises:
        AdvisorError: a file cannot be read or written.
    """
    path = catalog / "sources.yaml"
    former = [
        key
        for key, each in read_sources(path).items()
        if key != source and same_board(key, source) and each.read.startswith(IMPORTED)
    ]
    if not former:
        return
    # What a board was before is hidden beside it until all is done.
    places = {
        each
        for form in REFERRING
        for each in catalog.glob(form)
        if each.is_file() and not any(part[0] == "." for part in each.relative_to(catalog).parts)
    }
    for place in places - {path}:
        with readable(place):
            text = place.read_text(encoding="utf-8", errors="replace")
        former = [key for key in former if key not in text]
    before = text = path.read_text(encoding="utf-8")
    for key in former:
        block = rf"^\"?{re.escape(key)}\"?[ ]*:.*\n?(?:[ \t]+.*(?:\n|\Z))*"
        text = re.sub(block, "", text, count=1, flags=re.MULTILINE)
    if text != before:
        write_whole(path, text)
