"""Why a network is not the pick, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from advisor.report.figures import COLUMNS, plain_table, with_unit
from advisor.report.fitted import Fitted
from advisor.report.pick_words import (
    chance_text,
    figure_of,
    listed,
    margin_text,
    metric_text,
    need_text,
    place,
    unlike,
    variant_cell,
    varying,
)
from advisor.solve.candidates.candidate import Candidate
from advisor.solve.recommend.recommendation import WhyNot


def why_not_text(why: WhyNot, best: Candidate | None) -> Iterator[RenderableType]:
    """A sentence, and what each batch size of the network has and lacks."""
    yield ""
    yield Text(f"{why.architecture} on {why.board}: {_reason(why, best)}", style="bold")
    limited = (
        [each.constraint.metric for each in why.candidates[0].headroom] if why.candidates else []
    )
    if limited:
        keys = [key for key in COLUMNS if key in limited]
        yield ""
        missed = {
            limit.constraint.metric
            for each in why.candidates
            for limit in each.headroom
            if not limit.met
        }
        droppable = [key for key in reversed(keys) if key not in missed]
        yield Fitted(lambda keys: _table(why.candidates, keys), keys, [*droppable, *missed])


def _reason(why: WhyNot, best: Candidate | None) -> str:
    nearest = why.nearest
    if nearest is None:
        return _no_candidate(why)
    if nearest == best:
        return "it is the pick."
    lacks = [each for each in nearest.headroom if not each.met]
    other = next((each for each in why.candidates if unlike(each, nearest)), None)
    at = place(nearest, other).removeprefix(f"{why.architecture} ")
    if lacks:
        has = listed(
            [
                "an unknown " + metric_text(each.constraint)
                if each.value is None
                else f"{with_unit(each.constraint.metric, each.value)} ({margin_text(each)})"
                for each in lacks
            ]
        )
        needs = [need_text(each) for each in lacks if each.value is not None]
        wanting = f" and would need {listed(needs)}" if needs else ""
        return f"nearest {at}, where it has {has}{wanting}."
    if best is None or not why.fits:
        return (
            f"{at} it meets every limit by its figures, but only with a probability of "
            f"{chance_text(nearest.chance)} ({nearest.mark})."
        )
    return f"{at} it meets every limit, but {place(best, nearest)} is preferred."


def _no_candidate(why: WhyNot) -> str:
    sizes = listed([str(size) for size in why.misfits]) if why.misfits else ""
    misfits = f"it does not fit in memory at batch {sizes}"
    if why.left_out:
        more = f" ({misfits})" if sizes else ""
        return f"it is no candidate here: what may be chosen from leaves it out{more}."
    if sizes:
        return f"it is no candidate here; {misfits}."
    return "the board has no rows of it; --candidates all lets predictions be chosen."


def _table(candidates: Sequence[Candidate], keys: Sequence[str]) -> Table:
    headings = [f"{COLUMNS[key].heading}\n{COLUMNS[key].unit}" for key in keys]
    names = [name for name in varying(candidates) if name != "board"]
    table = plain_table(*names, "batch", *headings, "chance", "fails", left=len(names))
    table.columns[-1].justify, table.columns[-1].no_wrap = "left", False
    for each in candidates:
        fails = ", ".join(limit.constraint.key for limit in each.headroom if not limit.met)
        figures = [figure_of(each, key) for key in keys]
        variant = [variant_cell(each, name) for name in names]
        table.add_row(*variant, str(each.batch), *figures, chance_text(each.chance), fails)
    return table
