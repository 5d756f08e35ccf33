"""How a pick was verified, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.quality import ACCURACY
from advisor.report.candidate_text import chance_text, is_predicted, listed, place
from advisor.report.terminal import counted, figure, with_unit
from advisor.solve.candidates.candidate import Candidate
from advisor.solve.recommend.recommendation import Recommendation
from advisor.solve.verify.verification import Check, Verification

WORTH_COUNTING = 0.05
"""Fewer networks than this, on average, go without saying."""


def check_text(check: Check, most: int) -> str:
    """One measurement in a line: what was predicted, what was found, and what is the pick since."""
    predicted = f"{check.number} of {most}: {place(check.predicted)}, {_predicted(check)}"
    if check.found is None:
        return f"{predicted}: {check.reason}{_pick_since(check)}"
    size = check.found.batch
    elsewhere = "" if size == check.predicted.batch else f" at batch {size}"
    estimate = check.found.metric(check.metric)
    has = figure(check.metric, estimate.value if estimate else None)
    reached = _reached(check, check.found)
    verdict = f"{_verdict(check, check.found)}{_pick_since(check)}"
    return f"{predicted}, is {has}{elsewhere}{reached}: {verdict}"


def _reached(check: Check, found: Candidate) -> str:
    """The accuracy that was found out, where the line is of another figure."""
    before, now = check.predicted.metric(ACCURACY), found.metric(ACCURACY)
    if check.metric == ACCURACY or before is None or now is None or before.origin == now.origin:
        return ""
    title = found.quality.worded(ACCURACY).title
    return f", {title} {figure(ACCURACY, before.value)} is {with_unit(ACCURACY, now.value)}"


def _predicted(check: Check) -> str:
    key = check.metric
    estimate = check.predicted.metric(key)
    if estimate is None:
        return f"{check.predicted.quality.worded(key).title} unknown"
    mark = "~" if is_predicted(check.predicted, key) else ""
    value = mark + with_unit(key, estimate.value)
    if estimate.low is None or estimate.high is None:
        return value
    return f"{value} ({figure(key, estimate.low)} to {figure(key, estimate.high)})"


def _verdict(check: Check, found: Candidate) -> str:
    if check.holds:
        return "holds"
    failed = [each.constraint.name for each in found.headroom if not each.met]
    if failed:
        return f"fails {listed(failed)}"
    return f"holds with {chance_text(found.chance)} only"


def _pick_since(check: Check) -> str:
    """What became of the pick, where it is not what was measured."""
    if check.pick is None:
        return "; no pick"
    same = check.found is not None and place(check.found, check.pick) == place(check.pick)
    return "" if same else f"; pick {place(check.pick)}"


def certainty_text(recommendation: Recommendation, verified: Verification) -> Iterator[str]:
    """Sentences on how certain the answer is after all measurements."""
    best = recommendation.best
    yield f"{_spent(verified)}: " + (_of_pick(best, verified) if best else _of_nothing(verified))
    if verified.expected_better >= WORTH_COUNTING:
        together = chance_text(min(1.0, verified.expected_better))
        yield (
            f"Added up over all networks that are not measured, the chance that one is better is at most "
            f"{together}."
            if best
            else f"Added up over all networks that are not measured, the chance that one fits is at most "
            f"{together}."
        )
    if verified.simulated is not None:
        yield f"The measurements are those of {verified.simulated}; nothing was written."
    if not recommendation.requirements.confidence:
        yield (
            "Figures are taken as they are; still, what may be better with a probability above "
            f"{_percent(verified.risk)} is worth a measurement."
        )


def _spent(verified: Verification) -> str:
    count = len(verified.steps)
    if verified.ended == "settled":
        if not count:
            return "Settled without a measurement"
        return f"Settled with {counted(count, 'measurement')} of at most {verified.most}"
    if verified.ended == "out of time":
        done = f" after {counted(count, 'measurement')}" if count else ""
        return f"What is left to measure takes longer than the time that is left{done}"
    spent = {1: "The only measurement is", 2: "Both measurements are"}
    return f"{spent.get(count, f'All {count} measurements are')} spent"


def _of_pick(best: Candidate, verified: Verification) -> str:
    limits = [each.constraint for each in best.headroom]
    guessed = [each.name for each in limits if is_predicted(best, each.metric)]
    measured = f"the pick is {'' if verified.pick_is_measured else 'not '}measured"
    if verified.pick_is_measured and guessed:
        measured += f", but for its {listed(guessed)}"
    if verified.likeliest_better is None:
        return f"{measured}, and of the other candidates none could be better."
    name, chance = place(verified.likeliest_better), chance_text(verified.chance_better)
    if verified.ended == "settled":
        return (
            f"{measured}, and nothing that is not is better with a probability above "
            f"{_percent(verified.risk)}; the likeliest, {name}, with {chance}."
        )
    if verified.pick_is_measured:
        return f"{measured}, but {name}, which is not, is better with a probability of {chance}."
    return f"{measured}, and {name} is better with a probability of {chance}."


def _of_nothing(verified: Verification) -> str:
    if verified.likeliest_better is None:
        return "nothing fits, and nothing that is not measured could."
    name, chance = place(verified.likeliest_better), chance_text(verified.chance_better)
    if verified.ended == "settled":
        return (
            "nothing fits, nor does anything that is not measured with a probability above "
            f"{_percent(verified.risk)}; the likeliest, {name}, with {chance}."
        )
    return f"nothing is sure enough to be picked; {name}, not measured, fits with a probability of {chance}."


def _percent(share: float) -> str:
    return f"{100 * share:.12g}%"
