"""The user's copy of timm's result table as sets of weights: name by name, and size by size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from advisor.architectures.names import identity, read_name
from advisor.catalog.csv_table import number_in, refuse_more, size_in, stream_csv
from advisor.catalog.importers.data_sets import COMPARED
from advisor.errors import BrokenFileError, Fault
from advisor.limits import LEAST_PERCENT

NEEDED = ("model", "img_size", "top1")
FURTHER = ("top5", "param_count", COMPARED)
MILLION = 1e6
"""What parameters are counted in there."""
PLAIN = "default"
"""What a set is called whose model names none behind a dot."""


@dataclass(frozen=True)
class ResultTable:
    """What a result table reports.

    Attributes:
        rows: rows of a `weights.csv`, without their source.
        dropped: how many rows were left out, by why.
        networks: how many networks, each at one size, the rows are of.
        compares: whether it has columns that compare its data set with ImageNet-1k.
        params: of how many parameters each is, by network and set, where the table says it.
    """

    rows: tuple[tuple[str, str, str, str], ...]
    dropped: Mapping[str, int]
    networks: int
    compares: bool = False
    params: Mapping[tuple[str, str], float] = field(default_factory=dict)

    @property
    def figures(self) -> Mapping[tuple[str, str], float]:
        """The accuracies in percent, by network and set."""
        return {(network, name): float(top1) for network, name, top1, _ in self.rows}


def read_accuracies(path: Path) -> ResultTable:
    """Read a table with the columns `model` (architecture.weights), `img_size`, `top1` and, perhaps, `top5`.

    Numbers may have thousands separators. Each row is of its own input size: the same weights at two
    sizes are two sets, of two networks.

    Raises:
        BrokenFileError: it is no CSV file, lacks a column, or has more sets than a table of timm's could.
    """
    dropped: Counter[str] = Counter()
    kept: dict[tuple[str, str], tuple[str, str]] = {}
    params: dict[tuple[str, str], float] = {}
    compares = False
    for cells in stream_csv(
        path, NEEDED, FURTHER, "a table like timm's results-imagenet.csv is read"
    ):
        if cells is None:
            dropped["with too few or too many cells"] += 1
            continue
        model, size, top1, top5, count, difference = cells
        compares = compares or bool(difference)
        why, key = _key(model, size)
        percent = number_in(top1)
        if not why and not LEAST_PERCENT <= percent <= 100:
            why = "without a top-1 accuracy in percent"
        if not why and key in kept:
            why = "of a model and size that stood above"
        if why:
            dropped[why] += 1
            continue
        fifth = number_in(top5)
        kept[key] = f"{percent:g}", f"{fifth:g}" if percent <= fifth <= 100 else ""
        if (millions := number_in(count)) > 0:
            params[key] = millions * MILLION
        refuse_more(path, len(kept), "sets of weights")
    if not kept:
        raise BrokenFileError([Fault(path, 0, "", "no row with an accuracy", "one a model")])
    return ResultTable(
        tuple((*key, *figures) for key, figures in kept.items()),
        dropped,
        len({architecture for architecture, _ in kept}),
        compares,
        params,
    )


def _key(model: str, size: str) -> tuple[str, tuple[str, str]]:
    """Why a row is left out, or ""; and the network and the set of weights that it is of."""
    written = read_name(model)
    pixels = size_in(size)
    if written is None or written.shape or written.library:
        return "whose model is no name", ("", "")
    if pixels is None:
        return "without an input size", ("", "")
    return "", (identity("timm", written.name, pixels), written.tag or PLAIN)
