"""Which neural network should I ship on this board, and how sure are you?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor._version import __version__

if TYPE_CHECKING:
    from advisor.api import check_catalog, draw, schema, verified_pick
    from advisor.catalog.importers.imported import import_table
    from advisor.catalog.importers.published import import_boards
    from advisor.catalog.listing import boards, show, show_boards, zoo
    from advisor.catalog.migration import migrate
    from advisor.catalog.records import Estimate
    from advisor.errors import AdvisorError
    from advisor.measuring.evaluation import evaluate
    from advisor.measuring.fleet import fleet
    from advisor.measuring.fleet_evaluation import evaluate_on
    from advisor.measuring.fleet_run import measure_on
    from advisor.measuring.measure import measure
    from advisor.measuring.merging import merge
    from advisor.measuring.quantised_export import export
    from advisor.paper.board_findings import findings
    from advisor.paper.survey import survey
    from advisor.paper.ten_figures import figures
    from advisor.prediction.fitting import fit
    from advisor.report.comparison import compare
    from advisor.report.explorer.page import explore
    from advisor.report.explorer.plan_page import plan_page
    from advisor.solve.budget import check
    from advisor.solve.candidates.candidate import Candidate
    from advisor.solve.forecast import predict
    from advisor.solve.plan.plan import plan
    from advisor.solve.plan.plan_answer import Plan
    from advisor.solve.recommend.frontier import Frontier, frontier
    from advisor.solve.recommend.pick import pick
    from advisor.solve.recommend.recommendation import Recommendation
    from advisor.solve.suggest import suggest

_HOMES = {
    "AdvisorError": "advisor.errors",
    "Candidate": "advisor.solve.candidates.candidate",
    "Estimate": "advisor.catalog.records",
    "Frontier": "advisor.solve.recommend.frontier",
    "Plan": "advisor.solve.plan.plan_answer",
    "Recommendation": "advisor.solve.recommend.recommendation",
    "boards": "advisor.catalog.listing",
    "check": "advisor.solve.budget",
    "check_catalog": "advisor.api",
    "compare": "advisor.report.comparison",
    "draw": "advisor.api",
    "evaluate": "advisor.measuring.evaluation",
    "evaluate_on": "advisor.measuring.fleet_evaluation",
    "explore": "advisor.report.explorer.page",
    "export": "advisor.measuring.quantised_export",
    "figures": "advisor.paper.ten_figures",
    "findings": "advisor.paper.board_findings",
    "fit": "advisor.prediction.fitting",
    "fleet": "advisor.measuring.fleet",
    "frontier": "advisor.solve.recommend.frontier",
    "import_boards": "advisor.catalog.importers.published",
    "import_table": "advisor.catalog.importers.imported",
    "measure": "advisor.measuring.measure",
    "measure_on": "advisor.measuring.fleet_run",
    "merge": "advisor.measuring.merging",
    "migrate": "advisor.catalog.migration",
    "pick": "advisor.solve.recommend.pick",
    "plan": "advisor.solve.plan.plan",
    "plan_page": "advisor.report.explorer.plan_page",
    "predict": "advisor.solve.forecast",
    "schema": "advisor.api",
    "show": "advisor.catalog.listing",
    "show_boards": "advisor.catalog.listing",
    "suggest": "advisor.solve.suggest",
    "survey": "advisor.paper.survey",
    "verified_pick": "advisor.api",
    "zoo": "advisor.catalog.listing",
}

__all__ = [
    "AdvisorError",
    "Candidate",
    "Estimate",
    "Frontier",
    "Plan",
    "Recommendation",
    "__version__",
    "boards",
    "check",
    "check_catalog",
    "compare",
    "draw",
    "evaluate",
    "evaluate_on",
    "explore",
    "export",
    "figures",
    "findings",
    "fit",
    "fleet",
    "frontier",
    "import_boards",
    "import_table",
    "measure",
    "measure_on",
    "merge",
    "migrate",
    "pick",
    "plan",
    "plan_page",
    "predict",
    "schema",
    "show",
    "show_boards",
    "suggest",
    "survey",
    "verified_pick",
    "zoo",
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
