"""A table of what networks cost as their publisher says: in a catalog's `zoo` folder, by `advisor import`."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from advisor.catalog.csv_file import Table, read_csv
from advisor.catalog.entries import shapes_in
from advisor.catalog.records import Cost, Estimate
from advisor.errors import shown
from advisor.quantities import COUNT

FIGURES = ("params", "operations", "activations")
REPORTED_COLUMNS = ("architecture", "family", "input", *FIGURES, "source")


@dataclass(frozen=True)
class Reported:
    """A network that a table of timm's tells of.

    Attributes:
        architecture: plainly `name@size`, whichever other library has that name.
        family: the kin that it belongs to.
        input_shape: channels, height, width.
        params, operations, activations: as reported, in the meaning of `Cost`; `None` where not.
        source: key of `sources.yaml`.
    """

    architecture: str
    family: str
    input_shape: tuple[int, int, int]
    params: int | None
    operations: int | None
    activations: int | None
    source: str

    @property
    def figures(self) -> tuple[int | None, ...]:
        """The figures of `FIGURES`."""
        return self.params, self.operations, self.activations

    @property
    def tells_cost(self) -> bool:
        """Whether parameters and operations are known, without which there is no cost."""
        return self.params is not None and self.operations is not None

    @cached_property
    def cost(self) -> Cost | None:
        """The cost; `None` where it is not told."""
        if not self.tells_cost:
            return None
        params, operations, activations = map(self._estimate, self.figures)
        assert params and operations  # noqa: S101  (neither is `None`, see above)
        return Cost(params, operations, activations, None, None, None)

    def _estimate(self, count: int | None) -> Estimate | None:
        return (
            None if count is None else Estimate(float(count), None, None, "reported", self.source)
        )


def read_reported(path: Path, sources: Collection[str]) -> dict[str, Reported]:
    """Read such a table.

    Returns:
        The networks by name, in the order of the file.

    Raises:
        BrokenFileError: with every fault of the file.
    """
    table = read_csv(path, REPORTED_COLUMNS)
    architecture, family = (table.labels(column) for column in ("architecture", "family"))
    source = table.labels("source", sources)
    figures = {name: _counts(table, name) for name in FIGURES}
    found: dict[str, Reported] = {}
    for row, shape in enumerate(shapes_in(table)):
        name = architecture.names[int(architecture.index[row])]
        if name in found:
            table.note(row, "architecture", shown(name), "each network once")
        found[name] = Reported(
            architecture=name,
            family=family.names[int(family.index[row])],
            input_shape=shape,
            source=source.names[int(source.index[row])],
            **{figure: column[row] for figure, column in figures.items()},
        )
    table.finish()
    return found


def _counts(table: Table, column: str) -> list[int | None]:
    numbers = table.numbers(column, 1.0, COUNT.largest).tolist()
    return [None if math.isnan(number) else int(number) for number in numbers]


def reported_table(networks: Iterable[Reported]) -> str:
    """The text of such a table."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(REPORTED_COLUMNS)
    for each in networks:
        shape = "x".join(map(str, each.input_shape))
        writer.writerow([each.architecture, each.family, shape, *each.figures, each.source])
    return stream.getvalue()
