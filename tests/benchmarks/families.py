"""How far are the models off families that they have not seen?

    python tests/benchmarks/families.py [--catalog DIR] [--board xeon-2-cores-vm] [--batch 1]

Every network of a family is left out together, as if nobody had measured its kind: the mean relative error of
the latency by `LatencyModel` and by the operations model (least squares of the relative error), family by
family, for each (runtime, precision) of the board. Then how many of the networks lie in their 90 % interval,
and how wide it is: as it is for a network whose family was seen, and as of one whose family was not.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from advisor.catalog.records import Architecture
from advisor.catalog.store import Catalog
from advisor.prediction.fitting import data_of
from advisor.prediction.terms import column
from advisor.prediction.training import FULL, Data, LatencyModel, fit_model
from tests.paper_line import OperationsTime

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats

Predict = Callable[[Data, Data], "Floats"]
"""From what is known and what is not, the latency of the latter."""


def by_model(known: Data, unknown: Data) -> Floats:
    """What `LatencyModel` predicts."""
    return LatencyModel(FULL).fit(known.runs, known.found).model_(unknown.runs)


def by_operations(known: Data, unknown: Data) -> Floats:
    """What the operations model predicts."""
    model = OperationsTime(relative=True).fit(known.runs, known.found)
    predicted: Floats = model.predict(unknown.runs)
    return predicted


def errors(data: Data, families: NDArray[np.str_], predict: Predict) -> Floats:
    """The relative error of each row, its family left out; shape (rows,)."""
    found = np.empty(len(data.found))
    for family in np.unique(families):
        own = families == family
        found[own] = np.abs(predict(data.where(~own), data.where(own)) / data.found[own] - 1)
    return found


def intervals(data: Data, families: NDArray[np.str_], *, unseen: bool) -> tuple[float, float]:
    """The share of the rows in their 90 % interval, their family left out, and its median relative width.

    Args:
        data: the rows.
        families: of each row.
        unseen: whether the model is asked as one that has not seen the family.
    """
    inside, width = [], []
    for family in np.unique(families):
        known, own = data.where(families != family), data.where(families == family)
        model = fit_model(LatencyModel, [FULL], known)
        if model is not None:
            predicted = model.predict(own.runs, unseen=np.full(len(own.found), unseen))
            inside.append((predicted.low <= own.found) & (own.found <= predicted.high))
            width.append((predicted.high - predicted.low) / predicted.value)
    return float(np.mean(np.concatenate(inside))), float(np.median(np.concatenate(width)))


def report(data: Data, architectures: dict[str, Architecture], heading: str) -> None:
    """Print the errors of one (runtime, precision)."""
    families = np.array([architectures[name].family for name in data.architecture.tolist()])
    off = {
        "model": errors(data, families, by_model),
        "operations": errors(data, families, by_operations),
    }
    library = np.char.find(data.architecture.astype(np.str_), "@") > 0
    print(f"\n{heading}: {len(data.found)} networks of {len(np.unique(families))} families")
    print(f"{'family':16}{'networks':>9}{'model':>9}{'operations':>12}")
    rows = [(family, families == family) for family in np.unique(families).tolist()]
    rows += [("all", np.ones(len(families), np.bool_)), ("a library's", library)]
    for name, some in rows:
        if some.any():
            predicted = [f"{100 * float(np.mean(each[some])):.1f} %" for each in off.values()]
            print(f"{name:16}{np.count_nonzero(some):9d}{predicted[0]:>9}{predicted[1]:>12}")
    for title, unseen in (
        ("as of a family that was seen", False),
        ("as of one that was not", True),
    ):
        share, width = intervals(data, families, unseen=unseen)
        print(f"in the interval, {title}: {100 * share:.0f} %, width {100 * width:.0f} %")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--catalog")
    parser.add_argument("--board", default="xeon-2-cores-vm")
    parser.add_argument("--batch", type=int, default=1)
    options = parser.parse_args()
    catalog = Catalog.open(options.catalog)
    board = catalog.board(options.board)
    table = catalog.measurements(board)
    known = catalog.architectures_with(table)
    for variant in table.variants:
        data = data_of(board, table, known, variant, "latency_ms")
        data = data.where(column(data.runs, "batch") == options.batch)
        if len(data.found):
            report(data, known, f"{board.name}, {' '.join(variant.words)}, batch {options.batch}")


if __name__ == "__main__":
    main()
