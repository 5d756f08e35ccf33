"""How sure a share of right answers is, and how sure the difference of two on the same images."""

from __future__ import annotations

import math

from advisor.catalog.records import Z90, Estimate

MEASURED = "advisor-measure"
"""The source of what is measured here."""

DIGITS = 4
"""So many of an interval's ends are kept behind the point, in percent."""


def share(right: int, images: int) -> Estimate:
    """A share of images in percent with its exact binomial 90 % interval.

    That of C. J. Clopper and E. S. Pearson: The use of confidence or fiducial limits illustrated in the case
    of the binomial, 1934. Whatever the share, it holds it at least 90 % of the time.

    Args:
        right: how many answers are right.
        images: of how many.
    """
    from scipy.special import betaincinv

    low = float(betaincinv(right, images - right + 1, 0.05)) if right else 0.0
    high = float(betaincinv(right + 1, images - right, 0.95)) if right < images else 1.0
    return _in_percent(right / images, low, high)


def loss(lost: int, gained: int, images: int) -> Estimate:
    """By how many points fewer images are right than before, the images being the same.

    The score interval of T. Tango: Equivalence test and confidence interval for the difference in proportions
    for the paired-sample design, 1998. Images on which both agree say nothing of the difference but through
    their number, as in Q. McNemar's test, with which it agrees on whether there is any.

    Args:
        lost: how many were right, and are wrong now.
        gained: how many were wrong, and are right now.
        images: how many there are.

    Returns:
        Points of percent, below 0 for a gain, with the 90 % interval.
    """
    from scipy.optimize import brentq

    value = (lost - gained) / images

    def beyond(difference: float) -> float:
        return _score(lost, gained, images, difference)

    low = -1.0 if gained == images else brentq(lambda d: beyond(d) - Z90, -1 + 1e-9, value)
    high = 1.0 if lost == images else brentq(lambda d: beyond(d) + Z90, value, 1 - 1e-9)
    return _in_percent(value, float(low), float(high))


def _in_percent(value: float, low: float, high: float) -> Estimate:
    low, high = (round(100 * each, DIGITS) for each in (low, high))
    return Estimate(100 * value, low, high, "measured", MEASURED)


def _score(lost: int, gained: int, images: int, difference: float) -> float:
    """How many standard deviations the counts are off a difference, by the likeliest shares that have it."""
    a = 2 * images
    b = -lost - gained + (2 * images - lost + gained) * difference
    c = -gained * difference * (1 - difference)
    other = (math.sqrt(max(b * b - 4 * a * c, 0.0)) - b) / (2 * a)
    variance = images * (2 * other + difference * (1 - difference))
    off = lost - gained - images * difference
    if variance <= 0:
        return 0.0 if off == 0 else math.copysign(math.inf, off)
    return off / math.sqrt(variance)
