"""Values by network and batch size, taken apart into what either of the two adds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from advisor.paper.effects import TAIL, Effect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from advisor.catalog.records import Floats


@dataclass(frozen=True)
class Layout:
    """log value = network + batch size + error, by least squares, where there is more than one batch size.

    Attributes:
        networks: what each network adds, at the mean of the batch sizes; shape (networks,).
        networks_covariance: the errors of these; shape (networks, networks).
        batches: how far each batch size is from the mean of all; shape (batch sizes,).
        batch_errors: the standard errors of these, likewise.
        freedom: the degrees of freedom of the errors; at least 1.
    """

    networks: Floats
    networks_covariance: Floats
    batches: Floats
    batch_errors: Floats
    freedom: int

    @classmethod
    def of(
        cls, values: Floats, networks: NDArray[np.generic], batches: NDArray[np.generic]
    ) -> Layout | None:
        """What positive values show; `None` where they leave no error to judge by, or one batch size.

        Args:
            values: shape (rows,).
            networks: the network of each, likewise.
            batches: the batch size of each, likewise.
        """
        every_network, network = np.unique(networks, return_inverse=True)
        every_batch, batch = np.unique(batches, return_inverse=True)
        count, sizes = len(every_network), len(every_batch)
        contrasts = np.vstack([np.eye(sizes - 1), -np.ones((1, sizes - 1))])  # which add up to 0
        design = np.hstack([np.eye(count)[network], contrasts[batch]])
        freedom = len(values) - design.shape[1]
        if sizes < 2 or freedom < 1 or np.linalg.matrix_rank(design) < design.shape[1]:
            return None
        logs = np.log(values)
        shape = np.linalg.inv(design.T @ design)
        found = shape @ (design.T @ logs)
        variance = float(np.sum((logs - design @ found) ** 2)) / freedom
        of_batches = contrasts @ shape[count:, count:] @ contrasts.T
        return cls(
            networks=found[:count],
            networks_covariance=variance * shape[:count, :count],
            batches=contrasts @ found[count:],
            batch_errors=np.sqrt(variance * np.diag(of_batches)),
            freedom=freedom,
        )

    def network_spread(self, tail: float = TAIL) -> Effect:
        """The relative standard deviation of networks, beyond the errors of the rows.

        The upper end leaves these errors in, so that it is no less sure than it says; the lower end takes
        them off, with the degrees of freedom of a sum of variances (Satterthwaite 1946).

        Args:
            tail: what the interval leaves out at each end.
        """
        from scipy.special import chdtri, fdtri

        count = len(self.networks)
        seen = float(np.var(self.networks, ddof=1))
        covariance = self.networks_covariance
        error = float(np.trace(covariance) - np.sum(covariance) / count) / (count - 1)
        freedom = self.freedom * (seen / error) ** 2 if error > 0 else np.inf
        least = seen / fdtri(count - 1, min(freedom, 1e9), 1 - tail) - error if seen > 0 else 0.0
        most = seen * (count - 1) / chdtri(count - 1, 1 - tail)
        return Effect(*(math.sqrt(max(0.0, each)) for each in (seen - error, least, most)))

    def farthest_batch(self, tail: float = TAIL, *, together: bool = False) -> Effect:
        """By how much the batch size that differs most is off the mean of all, as a log ratio.

        Args:
            tail: what the interval leaves out at each end, for each batch size by itself.
            together: whether the interval is to hold for all of them at once.
        """
        from scipy.special import stdtrit

        share = tail / len(self.batches) if together else tail
        off = np.abs(self.batches)
        half = float(stdtrit(self.freedom, 1 - share)) * self.batch_errors
        return Effect(
            float(off.max()), max(0.0, float((off - half).max())), float((off + half).max())
        )
