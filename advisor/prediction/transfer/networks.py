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

SWEEPS = 40
SOFTENING = 0.05
"""How far the directions of a table with gaps are drawn towards nothing, per root of its longer side."""

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


MOST_DIRECTIONS = 3
"""Along how many directions in which references differ networks are described."""


def describe(
    names: Sequence[str],
    references: Floats,
    costs: Floats | None,
    families: Sequence[str],
) -> Networks:
    """Describe networks by what is known of all of them.

    Beside the mean over the references, which says how large a network is, the features are ratios: the main
    directions in which the references differ, how long an operation takes, how many activations and
    parameters go with one. In these, networks of one kind lie together whatever their size. A network of
    unknown cost lies in the middle.

    Args:
        names: the networks.
        references: the logarithms of the figure; shape (references, networks); one at least.
        costs: the logarithms of `COSTS`, NaN where unknown; shape (networks, 3); `None` to do without.
        families: the family of each.
    """
    size: Floats = references.mean(axis=0)
    ratios = list(_directions(references))
    if costs is not None:
        operations, activations, params = costs.T
        ratios += [size - operations, operations - activations, params - operations]
    features = np.column_stack([*ratios, size])
    spread = np.nanstd(features, axis=0)
    features = (features - np.nanmean(features, axis=0)) / np.where(spread > 0, spread, 1.0)
    features = np.nan_to_num(features)
    _, family = np.unique(np.array(families, dtype=np.str_), return_inverse=True)
    smallness = np.minimum(1.0, np.exp(np.quantile(size, SMALL_SHARE) - size))
    return Networks(np.array(names, dtype=np.str_), size, features, family, smallness)


def _directions(references: Floats) -> Floats:
    """The main directions in which references differ, how far each network lies along them."""
    relative = references - references.mean(axis=1, keepdims=True)
    relative = relative - relative.mean(axis=0)
    most = min(MOST_DIRECTIONS, len(references) - 1)
    _, lengths, directions = np.linalg.svd(relative, full_matrices=False)
    along: Floats = lengths[:most, np.newaxis] * directions[:most]
    return along


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
        references: the logarithm of the figure of each on each reference, without gaps; shape (references,
            networks).
        known: which of these somebody found; likewise.
        costs: as `describe` takes them.
        families: the family of each.
    """

    names: Sequence[str]
    references: Floats
    known: NDArray[np.bool_]
    costs: Floats | None
    families: Sequence[str]

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        references: Floats,
        costs: Floats | None,
        families: Sequence[str],
    ) -> Evidence:
        """What references say, which do not all know the same networks: NaN where one does not."""
        return cls(names, completed(references), ~np.isnan(references), costs, families)

    def of_references(self, places: Integers) -> Evidence:
        """The same by some of the references; what none of these knows stays as it was filled in."""
        return replace(self, references=self.references[places], known=self.known[places])

    def terms(self, references: Integers) -> Floats:
        """What a board's figure may be a sum of: a constant, the costs where all are known, references.

        Args:
            references: of which references.

        Returns:
            Shape (networks, terms); the references come last.
        """
        known = self.costs is not None and not np.isnan(self.costs).any()
        costs = np.exp(self.costs).T if self.costs is not None and known else ()
        return np.column_stack(
            [np.ones(len(self.names)), *costs, *np.exp(self.references[references])]
        )

    def deviations_from(self, place: int | None) -> Floats:
        """How much longer the references take than one of them, relative to their own means.

        So that it does not matter how many there are, the squares are means over them.

        Args:
            place: which one it is; `None` for their mean.

        Returns:
            Shape (networks, references).
        """
        relative = self.references - self.references.mean(axis=1, keepdims=True)
        base = relative.mean(axis=0) if place is None else relative[place]
        others = len(relative) - (place is not None)
        deviations: Floats = (relative - base).T / np.sqrt(max(1, others))
        return deviations

    @cached_property
    def described(self) -> Networks:
        """The networks as points."""
        return describe(self.names, self.references, self.costs, self.families)


def completed(table: Floats) -> Floats:
    """A table of logarithms without gaps.

    What is unknown follows from the sum of what its network and its reference usually have, and from a
    few directions in which networks and references differ together (soft-impute, Mazumder, Hastie and
    Tibshirani, Journal of Machine Learning Research 11, 2010).

    Args:
        table: shape (references, networks), NaN where unknown; in each row and column something is known.
    """
    known = ~np.isnan(table)
    if known.all():
        return table
    network = np.zeros(table.shape[1])
    reference = np.nanmean(table, axis=1)
    for _ in range(SWEEPS):
        network = np.nanmean(table - reference[:, np.newaxis], axis=0)
        reference = np.nanmean(table - network, axis=1)
    usual = reference[:, np.newaxis] + network
    rest = np.where(known, table - usual, 0.0)
    filled = rest
    for _ in range(SWEEPS):
        left, lengths, right = np.linalg.svd(filled, full_matrices=False)
        lengths = np.maximum(lengths - SOFTENING * np.sqrt(max(table.shape)), 0.0)
        lengths[MOST_DIRECTIONS:] = 0.0
        filled = np.where(known, rest, (left * lengths) @ right)
    whole: Floats = np.where(known, table, usual + filled)
    return whole


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
