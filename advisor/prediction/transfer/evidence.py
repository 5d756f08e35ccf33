"""What is known of some networks before the new board has run any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from advisor.prediction.transfer.networks import Networks, describe

if TYPE_CHECKING:
    from advisor.catalog.records import Floats


@dataclass(frozen=True)
class Evidence:
    """Networks of which the same things are known.

    Attributes:
        names: the networks.
        references: for each reference board the logarithm of the figure of each; shape (networks,).
        costs: as `advisor.prediction.transfer.networks.describe` takes them.
        families: the kin of each.
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
