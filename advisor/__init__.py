"""Which neural network should I ship on this board, and how sure are you?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor._version import __version__

if TYPE_CHECKING:
    from advisor.catalog.records import Estimate
    from advisor.errors import AdvisorError
    from advisor.solve.candidate import Candidate
    from advisor.solve.frontier import Frontier, frontier
    from advisor.solve.pick import pick
    from advisor.solve.plan import plan
    from advisor.solve.plan_answer import Plan
    from advisor.solve.recommendation import Recommendation

_HOMES = {
    "AdvisorError": "advisor.errors",
    "Candidate": "advisor.solve.candidate",
    "Estimate": "advisor.catalog.records",
    "Frontier": "advisor.solve.frontier",
    "Plan": "advisor.solve.plan_answer",
    "Recommendation": "advisor.solve.recommendation",
    "frontier": "advisor.solve.frontier",
    "pick": "advisor.solve.pick",
    "plan": "advisor.solve.plan",
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
