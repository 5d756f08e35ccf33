"""A survey as text: a line a variant, then what all say together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from advisor.documents import document, document_text
from advisor.paper.effects import Effect
from advisor.paper.evidence import BY_RATE, PER_IMAGE
from advisor.paper.survey import LEAST_SURVEYED, Effects, Quantisation, Survey, SurveyedVariant
from advisor.report.terminal import Fitted, TextTable, counted, plain_table
from advisor.solve.candidates.gather import few

SCHEMA = "advisor.survey/1"
"""Name and version of the document's shape."""


def _ratio(value: float) -> str:
    return f"{value:.2f}"


def _share(value: float) -> str:
    return f"{100 * value:,.0f}"


def _points(value: float) -> str:
    return f"{value:.1f}"


@dataclass(frozen=True)
class Shown:
    """How an effect is shown.

    Attributes:
        heading: above its column.
        said: what it is, in a sentence.
        unit: after its figure there.
        write: its figure.
    """

    heading: str
    said: str
    unit: str
    write: Callable[[float], str]


SHOWN: Mapping[str, Shown] = {
    "power_spread": Shown("power\nspread, %", "power differs between networks by", "%", _share),
    "power_rank": Shown(
        "power~\noperations", "power and operations have the rank correlation", "", _ratio
    ),
    "time_rank": Shown(
        "time~\noperations", "time and operations have the rank correlation", "", _ratio
    ),
    "time_exponent": Shown(
        "exponent", "time goes with operations to the power of", "", _ratio
    ),
    "time_error": Shown(
        "line's\nerror, %", "a line in operations is off the time of a network held out by", "%", _share
    ),
    "hyperbola_gain_points": Shown(
        "hyperbola\npoints",
        "a hyperbola in time is nearer to the best accuracies than a logarithm by",
        "points",
        _points,
    ),
    "energy_rank": Shown(
        "energy~\noperations", "energy and operations have the rank correlation", "", _ratio
    ),
    "memory_slope": Shown(
        "memory\nMB/MB", "memory grows per MB of 32-bit parameters by", "MB", _ratio
    ),
}  # fmt: skip
"""Each effect, in the order of the columns."""

DROPPED = (
    "memory_slope", "energy_rank", "power_rank", "hyperbola_gain_points", "time_exponent", "time_error",
)  # fmt: skip
"""What narrow terminals do without, in this order."""

CHANGES: Mapping[str, Shown] = {
    "speed_up": Shown("speed-up", "times as fast", "", _ratio),
    "accuracy_loss_points": Shown("accuracy\nlost, points", "points of accuracy less", "", _points),
    "power_ratio": Shown("power\nratio", "times the power", "", _ratio),
}


def survey_text(found: Survey) -> RenderableType:
    """The variants and what quantising does, a line each; then their medians."""
    variants = counted(len(found.variants), "variant")
    boards = counted(found.boards, "board")
    heading = f"The paper's effects on {boards}: {variants} of at least {LEAST_SURVEYED} networks"
    parts: list[RenderableType] = [Text(heading, style="bold"), "", _variants(found.variants)]
    if found.quantisations:
        parts += ["", Text("What quantising changes, all else alike", style="bold"), ""]
        parts += [_quantisations(found.quantisations)]
    if len(found.variants) > 1:
        parts += ["", Text("In the median, by way of running", style="bold"), ""]
        parts += [_medians(found.variants), ""]
        parts += map(Text, _sentences(found))
    parts += ["", *map(Text, _notes(found))]
    return Group(*parts)


def survey_json(found: Survey) -> str:
    """The same as one JSON document; units stand in the names of the numbers."""
    return document_text({"schema": SCHEMA, **document(found)})


def _cell(effect: Effect | None, shown: Shown) -> str:
    if effect is None:
        return ""
    low, high = shown.write(effect.low), shown.write(effect.high)
    return f"{shown.write(effect.value)} ({low} to {high})"


def _known(effects: Sequence[Effects]) -> tuple[str, ...]:
    """The effects that some of these show."""
    return tuple(key for key in SHOWN if any(getattr(each, key) for each in effects))


def _of(keys: Sequence[str], known: Sequence[str]) -> list[str]:
    return [key for key in keys if key in known]


def _variants(variants: Sequence[SurveyedVariant]) -> Fitted:
    def of(keys: Sequence[str]) -> TextTable:
        table = plain_table(
            "board", "run as", "net-\nworks", *(SHOWN[key].heading for key in keys), left=2
        )
        for each in variants:
            cells = (_cell(getattr(each.effects, key), SHOWN[key]) for key in keys)
            table.add_row(each.board, " ".join(each.variant.words), str(each.networks), *cells)
        return table

    known = _known([each.effects for each in variants])
    return Fitted(of, known, _of(DROPPED, known), _of(("power_spread",), known))


def _quantisations(found: Sequence[Quantisation]) -> Fitted:
    def of(keys: Sequence[str]) -> TextTable:
        headings = (CHANGES[key].heading for key in keys)
        table = plain_table("board", "run by", "from", "to", "net-\nworks", *headings, left=4)
        for each in found:
            run_by = " ".join(filter(None, (each.runtime, each.processor)))
            cells = (_cell(getattr(each, key), CHANGES[key]) for key in keys)
            table.add_row(
                each.board, run_by, each.floats, each.quantised, str(each.networks), *cells
            )
        return table

    known = tuple(key for key in CHANGES if any(getattr(each, key) for each in found))
    return Fitted(of, known, _of(("power_ratio",), known), _of(("accuracy_loss_points",), known))


def _medians(variants: Sequence[SurveyedVariant]) -> Fitted:
    """A line for each runtime, precision and processor."""
    groups: dict[tuple[str, str, str], list[SurveyedVariant]] = {}
    for each in variants:
        groups.setdefault((each.runtime, each.precision, each.processor), []).append(each)

    def of(keys: Sequence[str]) -> TextTable:
        headings = (SHOWN[key].heading for key in keys)
        table = plain_table("run as", "devices", "vari-\nants", *headings)
        for words, group in sorted(groups.items()):
            devices = len({each.device for each in group})
            cells = (
                _median([getattr(each.effects, key) for each in group], SHOWN[key]) for key in keys
            )
            table.add_row(" ".join(filter(None, words)), str(devices), str(len(group)), *cells)
        return table

    known = _known([each.effects for each in variants])
    return Fitted(of, known, _of(DROPPED, known), _of(("power_spread",), known))


def _median(effects: Sequence[Effect | None], shown: Shown) -> str:
    values = [each.value for each in effects if each]
    return shown.write(float(np.median(values))) if values else ""


def _sentences(found: Survey) -> Iterator[str]:
    """What all variants say of each effect together, then of quantising."""
    for key, shown in SHOWN.items():
        known = [
            (effect.value, each)
            for each in found.variants
            if (effect := getattr(each.effects, key))
        ]
        if len(known) < 2:
            continue
        values = [value for value, _ in known]
        (least, lowest), (most, highest) = min(known, key=_first), max(known, key=_first)
        devices = len({each.device for _, each in known})
        yield (
            f"Of {counted(len(known), 'variant')} on {counted(devices, 'device')}, {shown.said} "
            f"{shown.write(float(np.median(values)))} {shown.unit}".rstrip()
            + f" in the median, from {shown.write(least)} ({_named(lowest)}) to {shown.write(most)} "
            f"({_named(highest)})."
        )
    changes: dict[tuple[str, str], list[Quantisation]] = {}
    for pair in found.quantisations:
        changes.setdefault((pair.floats, pair.quantised), []).append(pair)
    for (floats, quantised), group in sorted(changes.items()):
        said = (
            f"{shown.write(float(np.median(values)))} {shown.said}"
            for key, shown in CHANGES.items()
            if (values := [effect.value for each in group if (effect := getattr(each, key))])
        )
        yield (
            f"From {floats} to {quantised}, in the median of {counted(len(group), 'variant')}: "
            f"{', '.join(said)}."
        )


def _first(pair: tuple[float, SurveyedVariant]) -> float:
    return pair[0]


def _named(each: SurveyedVariant) -> str:
    return f"{each.board}, {' '.join(each.variant.words)}"


def _notes(found: Survey) -> Iterator[str]:
    """What stands behind the figures, and what is left out."""
    yield "In brackets: 90 % intervals over networks, at the batch size that most of them ran."
    by_rate = tuple(each.board for each in found.variants if each.time != PER_IMAGE)
    if by_rate:
        yield f"Time is {BY_RATE}: {few(tuple(dict.fromkeys(by_rate)), 'boards')}."
    for power in dict.fromkeys(each.power for each in found.variants):
        having = [each for each in found.variants if each.power == power]
        if power and power != "net power":
            boards = tuple(dict.fromkeys(each.board for each in having))
            yield f"Power is {power}: {few(boards, 'boards')}."
    if found.too_few:
        yield f"Left out: {counted(found.too_few, 'variant')} with fewer than {LEAST_SURVEYED} networks."
    yield from (f"left out, since a file is broken: {message}" for message in found.left_out)
