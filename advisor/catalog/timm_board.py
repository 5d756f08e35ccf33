"""What timm's tables tell, written into the user's catalog: a board, costs, accuracies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from advisor.catalog.import_accuracies import Accuracies, write_accuracies
from advisor.catalog.import_board import add_source, check_board, same_board, write_board
from advisor.catalog.import_timm import Benchmark
from advisor.catalog.reported_table import Reported, reported_table
from advisor.catalog.writing import write_whole
from advisor.catalog.zoo import REPORTED_FILE


@dataclass(frozen=True)
class Written:
    """Where a table went.

    Attributes:
        board: the board's folder.
        accuracies: the table of accuracies; `None` where none was given.
        kept: for how many networks another cost was known from an earlier import, and stays.
    """

    board: Path
    accuracies: Path | None
    kept: int


def write_timm_board(
    catalog: Path,
    board: str,
    benchmark: Benchmark,
    file: Path,
    source: str,
    known: Mapping[str, Reported],
    accuracies: tuple[Accuracies, Path] | None,
) -> Written:
    """Write a table's rows as a board, what its networks cost, and accuracies, where there are any.

    Args:
        catalog: the user's catalog folder.
        board: the board's name.
        benchmark: the table.
        file: where it stands.
        source: the source's name, from `import_board.source_key`.
        known: what earlier imports told of what networks cost.
        accuracies: a table of accuracies, and where it stands.

    Raises:
        AdvisorError: the board exists and was not imported, or a file cannot be written.
    """
    rows = benchmark.rows(source)
    check_board(catalog, board, rows, source)
    networks, kept = merged(known, benchmark.networks)
    add_source(catalog / "sources.yaml", source, [file])
    write_whole(catalog / REPORTED_FILE, reported_table(networks.values()))
    place = None if accuracies is None else write_accuracies(catalog, *accuracies)
    description = {
        "title": f"timm's {file.stem.removeprefix('benchmark-infer-')}",
        "cost": "reported",
        "note": "As timm reports it; not measured by advisor. A row is the mean time of a batch.",
    }
    # Last, since its rows name what stands in the other files.
    folder = write_board(catalog, board, description, rows, [file], source)
    return Written(folder, place, kept)


def merged(
    known: Mapping[str, Reported], new: Mapping[str, Reported]
) -> tuple[dict[str, Reported], int]:
    """What several tables tell of networks: of each the cost that was known first.

    An earlier import of the same board does not count as known: it is replaced.

    Returns:
        All networks by name; and of how many of `new` another cost is kept.
    """
    found = dict(known)
    kept = 0
    for name, each in new.items():
        earlier = known.get(name)
        again = earlier is not None and same_board(earlier.source, each.source)
        if earlier is None or (each.tells_cost and (again or not earlier.tells_cost)):
            found[name] = each
        elif each.tells_cost and each.figures != earlier.figures:
            kept += 1
    return found, kept
