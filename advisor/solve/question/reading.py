"""Requirements from what people write, in Python, on the command line or in a file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from advisor.architectures.names import NAME, NAME_EXPECTED
from advisor.errors import AdvisorError, closest, shown
from advisor.quantities import ENERGY, TIME, parse, read_batches
from advisor.solve.question.included import read_included
from advisor.solve.question.limits import Constraint, in_order, read_limits
from advisor.solve.question.objective import read_objective
from advisor.solve.question.requirements import (
    DEFAULT_BOARD,
    DEFAULT_CONFIDENCE,
    DEFAULT_TOP,
    NEEDS,
    NETWORKS,
    Requirements,
    Selection,
)


def default_board() -> str:
    """The board that is asked where none is named."""
    return os.environ.get("ADVISOR_BOARD") or DEFAULT_BOARD


def read_requirements(
    limits: Mapping[str, object],
    *,
    where: Iterable[str] = (),
    beneath: Iterable[Constraint] = (),
    board: object = None,
    objective: object = None,
    batch: str | int | Iterable[int] | None = None,
    weights: object = None,
    architectures: object = None,
    families: object = None,
    runtime: object = None,
    precision: object = None,
    candidates: object = None,
    predictions: bool | None = None,
    include: object = None,
    accuracy_of: object = None,
    accuracy_table: str | os.PathLike[str] | None = None,
    overhead: object = None,
    battery: object = None,
    confidence: object = None,
    explain: object = None,
    top: int | str | None = None,
    all_batches: bool | None = None,
    catalog: str | os.PathLike[str] | None = None,
) -> Requirements:
    """Requirements from what people write; what is `None` is left to its default.

    Args:
        limits: by the metric's name, as `limits.read_limits` reads them.
        where: conditions such as "params <= 25M".
        beneath: limits that hold where neither of these says otherwise.
        board: a name, several (as a list or with commas), or "any"; else that of `ADVISOR_BOARD`, else
            `jetson-tx1`.
        objective: what to rank by, as `objective.read_objective` reads it.
        batch: "any", one size, or several ("1,4").
        weights: a set's name, or "any".
        architectures: patterns, as a list or with commas, or "any".
        families: likewise.
        runtime: likewise.
        precision: likewise.
        candidates: "board" or "all".
        predictions: whether what is predicted may stand for what was not measured.
        include: networks of the user's own, as `included.read_included` reads them.
        accuracy_of: their accuracies, likewise.
        accuracy_table: a CSV file of the user's own accuracies.
        overhead: time per batch, such as "5 ms".
        battery: an energy, such as "10 Wh".
        confidence: a probability, as 0.9 or "90%"; "none" takes figures as they are.
        explain: networks of which to tell why they are not the pick, as a list or with commas.
        top: how many networks to list.
        all_batches: whether to list every fitting row of them.
        catalog: the user's catalog folder.

    Raises:
        AdvisorError: something cannot be read; the message names it.
    """
    networks = _name("candidates", candidates) or "board"
    if networks not in NETWORKS:
        raise AdvisorError(f"unknown candidates {shown(networks)}", closest(networks, NETWORKS))
    constraints = in_order(
        {(each.name, each.sense): each for each in beneath} | read_limits(limits, where)
    )
    if battery is None and any(each.name == "hours" for each in constraints):
        raise AdvisorError("hours: of which battery?", NEEDS["hours"])
    own = read_included(include, accuracy_of)
    if predictions is False and any(each.network for each in own):
        raise AdvisorError("include: such a network is predicted", "leave out --no-predictions")
    if accuracy_table is not None and weights is not None:
        hint = "leave out one of them"
        raise AdvisorError("accuracy-table: it replaces all weights, also those named", hint)
    return Requirements(
        boards=read_boards(default_board() if board is None else board),
        constraints=constraints,
        objective=read_objective("accuracy" if objective is None else objective),
        selection=Selection(
            architectures=read_patterns("architectures", architectures),
            families=read_patterns("families", families),
            runtimes=read_patterns("runtime", runtime),
            precisions=read_patterns("precision", precision),
            batches=None if batch is None else read_batches(batch),
            weights=_name("weights", weights),
            networks=networks,
            predictions=_flag("predictions", predictions) is not False,
            include=own,
            accuracy_table=_path("accuracy-table", accuracy_table),
        ),
        overhead_ms=0.0 if overhead is None else read_overhead(overhead),
        battery_j=None if battery is None else parse(battery, ENERGY, "battery"),
        confidence=DEFAULT_CONFIDENCE if confidence is None else read_confidence(confidence),
        explain=read_names("explain", explain),
        top=DEFAULT_TOP if top is None else read_top(top),
        all_batches=bool(_flag("all_batches", all_batches)),
        catalog=None if catalog is None else os.fspath(catalog),
    )


def read_boards(written: object) -> tuple[str, ...] | None:
    """Names of boards, each once; `None` for "any".

    Raises:
        AdvisorError: something is no name.
    """
    words = _words("board", written)
    if words == ["any"]:
        return None
    for word in words:
        if not NAME.fullmatch(word):
            raise AdvisorError(f"board: {shown(word)} is not a name", f"give {NAME_EXPECTED}")
        if word == "any":
            raise AdvisorError("board: 'any' beside other names", "give names, or 'any' alone")
    return tuple(dict.fromkeys(words))


def read_patterns(what: str, written: object) -> tuple[str, ...] | None:
    """Patterns such as "resnet-*", as a list or with commas between them; `None` for "any".

    Raises:
        AdvisorError: one is empty.
    """
    words = None if written is None else _words(what, written)
    return None if words is None or "any" in words else tuple(dict.fromkeys(words))


def read_names(what: str, written: object) -> tuple[str, ...]:
    """Names, each once, as a list or with commas between them; none for `None`.

    Raises:
        AdvisorError: one is empty.
    """
    empty = written is None or written in ((), [])
    return () if empty else tuple(dict.fromkeys(_words(what, written)))


def _flag(what: str, value: object) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise AdvisorError(f"{what}: {shown(str(value))} is neither true nor false", "give a bool")
    return value


def _words(what: str, written: object) -> list[str]:
    listed = written.split(",") if isinstance(written, str) else written
    if not isinstance(listed, Iterable) or isinstance(listed, Mapping | bytes):
        raise AdvisorError(f"{what}: {shown(str(written))} is not a name", "give names as text")
    words = list(listed)
    if not all(isinstance(each, str) for each in words):
        raise AdvisorError(f"{what}: {shown(str(written))} is not a name", "give names as text")
    words = [each.strip() for each in words]
    if not words or not all(words):
        raise AdvisorError(f"{what}: an empty name", "give names, or 'any'")
    return words


def _name(what: str, text: object) -> str | None:
    if text is not None and (not isinstance(text, str) or not text):
        raise AdvisorError(f"{what}: {shown(str(text))} is not a name", "give a name as text")
    return text


def _path(what: str, path: object) -> str | None:
    if path is not None and (not isinstance(path, str | os.PathLike) or not os.fspath(path)):
        raise AdvisorError(f"{what}: {shown(str(path))} is not a path", "give the path of a file")
    return None if path is None else str(os.fspath(path))


def read_overhead(overhead: object) -> float:
    """A time per batch, in ms, which may be zero.

    Raises:
        AdvisorError: it is no time.
    """
    return parse(overhead, TIME, "overhead", zero_allowed=True)


def read_top(top: int | str) -> int:
    """A count of networks.

    Raises:
        AdvisorError: it is none.
    """
    if not re.fullmatch(r"[1-9][0-9]{0,5}", str(top)):
        hint = "give a whole number from 1 to 999999"
        raise AdvisorError(f"top: {shown(str(top))} is not a count of networks", hint)
    return int(top)


def read_confidence(confidence: object) -> float:
    """A probability between 0 and 1, as 0.9 or "90%"; "none", which is 0, takes figures as they are.

    Raises:
        AdvisorError: it is no such probability.
    """
    text = str(confidence).strip()
    if text == "none":
        return 0.0
    match = re.fullmatch(r"([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]{1,3})?)\s*(%?)", text)
    value = float(Decimal(match[1]) / (100 if match[2] else 1)) if match else -1.0
    if not 0 < value < 1:
        raise AdvisorError(
            f"confidence: {shown(text)} is no probability between 0 and 1",
            "write it like 0.9 or 90%, or 'none' to take figures as they are",
        )
    return value
