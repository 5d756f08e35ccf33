"""Which neural network should I ship on this board, and how sure are you?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor._version import __version__

if TYPE_CHECKING:
    from advisor.api import verified_pick
    from advisor.catalog.records import Estimate
    from advisor.errors import AdvisorError
    from advisor.solve.candidates.candidate import Candidate
    from advisor.solve.plan.plan import plan
    from advisor.solve.plan.plan_answer import Plan
    from advisor.solve.recommend.frontier import Frontier, frontier
    from advisor.solve.recommend.pick import pick
    from advisor.solve.recommend.recommendation import Recommendation

_HOMES = {
    "AdvisorError": "advisor.errors",
    "Candidate": "advisor.solve.candidates.candidate",
    "Estimate": "advisor.catalog.records",
    "Frontier": "advisor.solve.recommend.frontier",
    "Plan": "advisor.solve.plan.plan_answer",
    "Recommendation": "advisor.solve.recommend.recommendation",
    "frontier": "advisor.solve.recommend.frontier",
    "pick": "advisor.solve.recommend.pick",
    "plan": "advisor.solve.plan.plan",
    "verified_pick": "advisor.api",
}

__all__ = [
    "AdvisorError",
    "Candidate",
    "Estimate",
    "Frontier",
    "Plan",
    "Recommendation",
    "__version__",
    "frontier",
    "pick",
    "plan",
    "verified_pick",
]


def __getattr__(name: str) -> object:
    """Import a public name from its home when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'advisor' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
