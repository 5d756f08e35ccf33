"""Networks as they are known before the new board has run any: by other boards, cost and family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from advisor.architectures.names import bare_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Architecture, Floats, Integers

COSTS = ("operations", "activations", "params")
"""What a network costs on paper, as far as transfer uses it."""

SMALL_SHARE = 0.1
"""The share of the networks that are small: of these, a board's fixed overhead decides the most."""


@dataclass(frozen=True)
class Networks:
    """Some networks as points, near one another where a new board is likely to treat them alike.

    Attributes:
        names: what they are called; shape (networks,), like the first axis of all that follow.
        size: the mean over the references of the logarithm of the figure.
        features: each in its own standard deviations over all networks described together; shape
            (networks, features).
        family: the family that each belongs to, as a number.
        smallness: 1 for the smallest networks, less the longer one takes beyond these.
    """

    names: NDArray[np.str_]
    size: Floats
    features: Floats
    family: Integers
    smallness: Floats

    def at(self, places: Integers) -> Networks:
        """Some of them."""
        return Networks(
            self.names[places],
            self.size[places],
            self.features[places],
            self.family[places],
            self.smallness[places],
        )

    def places(self, names: Sequence[str]) -> Integers:
        """Where these names stand; each must be there."""
        place = {name: index for index, name in enumerate(self.names.tolist())}
        return np.array([place[name] for name in names], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.names)


def describe(
    names: Sequence[str],
    references: Sequence[Floats],
    costs: Floats | None,
    families: Sequence[str],
) -> Networks:
    """Describe networks by what is known of all of them.

    Beside the mean over the references, which says how large a network is, the features are ratios: by
    how much the references differ, how long an operation takes, how many activations and parameters go
    with one. In these, networks of one kind lie together whatever their size.

    Args:
        names: the networks.
        references: for each reference board the logarithms of the figure; one at least.
        costs: the logarithms of `COSTS`; shape (networks, 3); `None` to do without.
        families: the family of each.
    """
    known = np.array(references)
    size: Floats = known.mean(axis=0)
    ratios = [each - size for each in known[:-1]]
    if costs is not None:
        operations, activations, params = costs.T
        ratios += [size - operations, operations - activations, params - operations]
    features = np.column_stack([*ratios, size])
    spread = features.std(axis=0)
    features = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    _, family = np.unique(np.array(families, dtype=np.str_), return_inverse=True)
    smallness = np.minimum(1.0, np.exp(np.quantile(size, SMALL_SHARE) - size))
    return Networks(np.array(names, dtype=np.str_), size, features, family, smallness)


def costs_of(names: Sequence[str], architectures: Mapping[str, Architecture], kind: str) -> Floats:
    """The logarithms of `COSTS` for one image; NaN where unknown or nothing; shape (networks, 3).

    Args:
        names: the networks.
        architectures: by name; one that is missing is of unknown cost.
        kind: "reported" or "counted", as `Architecture.cost` has it.
    """
    table = np.full((len(names), len(COSTS)), np.nan)
    for row, name in enumerate(names):
        cost = architectures[name].cost(kind) if name in architectures else None
        known = [getattr(cost, each) if cost else None for each in COSTS]
        table[row] = [each.value if each and each.value > 0 else np.nan for each in known]
    logs: Floats = np.log(table)
    return logs


@dataclass(frozen=True)
class Evidence:
    """Networks of which the same things are known.

    Attributes:
        names: the networks.
        references: for each reference board the logarithm of the figure of each; shape (networks,).
        costs: as `describe` takes them.
        families: the family of each.
    """

    names: Sequence[str]
    references: Sequence[Floats]
    costs: Floats | None
    families: Sequence[str]

    @cached_property
    def terms(self) -> Floats:
        """What a board's figure may be a sum of: a constant, the costs where known, each reference.

        Shape (networks, terms); the references come last.
        """
        costs = [] if self.costs is None else list(np.exp(self.costs).T)
        references = [np.exp(each) for each in self.references]
        return np.column_stack([np.ones(len(self.names)), *costs, *references])

    @cached_property
    def described(self) -> Networks:
        """The networks as points."""
        return describe(self.names, self.references, self.costs, self.families)

    def without(self, place: int) -> Evidence:
        """The same without one of several references."""
        return replace(
            self, references=[each for i, each in enumerate(self.references) if i != place]
        )


def designs_of(names: Sequence[str], known: Mapping[str, str] | None = None) -> NDArray[np.str_]:
    """The designs of networks: one at two sizes is left out together; shape (names,).

    Args:
        names: the networks.
        known: the design of each, where a catalog knows their names; the name without the size for others.
    """
    known = known or {}
    return np.array([known.get(name, bare_name(name)) for name in names], dtype=np.str_)


def family_of(architectures: Mapping[str, Architecture], name: str) -> str:
    """The family of a network; itself where the catalog does not know it."""
    return architectures[name].family if name in architectures else name
