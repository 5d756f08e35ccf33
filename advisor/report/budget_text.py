"""How networks stand to a budget: on a terminal, for a test report, as annotations of a pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from rich.console import Group, RenderableType
from rich.text import Text

from advisor.documents import document, document_text
from advisor.report.candidate_text import (
    PREDICTED_MARK,
    chance_text,
    is_predicted,
    listed,
    marked,
    prediction_note,
)
from advisor.report.terminal import plain_table, with_unit
from advisor.solve.budget import BudgetCheck, Kept
from advisor.solve.candidates.candidate import Candidate, Headroom

CHECK = "advisor.check/1"
"""The name and version of the document's shape."""

JOINTLY = "all limits together"


def budget_text(found: BudgetCheck) -> RenderableType:
    """A sentence for each network, and a line for each limit."""
    parts = [part for each in found.networks for part in ("", *_network(each, found))]
    figures = [
        (each.candidate, limit.constraint.metric)
        for each in found.networks
        for limit in each.limits
        if each.candidate
    ]
    note = prediction_note((), figures=figures)
    return Group(*parts[1:], *(part for each in note for part in ("", Text(each))))


def _network(kept: Kept, found: BudgetCheck) -> Iterator[RenderableType]:
    verdict = (
        Text("keeps", style="bold green") if kept.kept else Text("does not keep", style="bold red")
    )
    where = f" at {_where(kept.candidate)}" if kept.candidate else ""
    yield Text.assemble(f"{kept.network} ", verdict, f" the budget{where}")
    if kept.reason:
        yield Text(f"{kept.reason[0].upper()}{kept.reason[1:]}.")
    if kept.limits:
        table = plain_table("limit", "has", "chance", "", left=1)
        for each in kept.limits:
            has = _has(kept.candidate, each)
            fails = "" if kept.kept or _passes(each, found) else "fails"
            table.add_row(str(each.constraint), has, _chance_of(each), fails)
        if len(kept.limits) > 1 and kept.candidate:
            together = "" if kept.kept else "fails"
            table.add_row(JOINTLY, "", _together(kept), together)
        yield table


def budget_document(found: BudgetCheck, form: str, file: str) -> str:
    """The same for programs.

    Args:
        found: what was found.
        form: "json"; "junit" for a test report in XML, a test each limit; "github" for lines that GitHub
            shows beside the budget's file.
        file: the path of the budget.
    """
    if form == "json":
        asked = document(found.requirements)
        return document_text({"schema": CHECK, "query": asked, **document(found)})
    return _junit(found) if form == "junit" else "".join(_annotations(found, file))


def _junit(found: BudgetCheck) -> str:
    suites = ET.Element("testsuites", name="advisor check")
    for kept in found.networks:
        failures = dict(_failures(kept, found))
        limits = {str(each.constraint): each for each in kept.limits}
        names = [*limits, *(name for name in failures if name not in limits)]
        suite = ET.SubElement(
            suites,
            "testsuite",
            name=kept.network,
            tests=str(len(names)),
            failures=str(len(failures)),
            errors="0",
        )
        group = f"{kept.candidate.board}.{kept.network}" if kept.candidate else kept.network
        for name in names:
            case = ET.SubElement(suite, "testcase", classname=group, name=name)
            if name in failures:
                ET.SubElement(case, "failure", message=failures[name]).text = failures[name]
            elif kept.candidate:
                said = _stands(kept.candidate, limits[name], found)
                ET.SubElement(case, "system-out").text = said
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _annotations(found: BudgetCheck, file: str) -> Iterator[str]:
    """Lines as GitHub's runners read them, https://docs.github.com/actions: workflow commands."""
    for kept in found.networks:
        for name, message in _failures(kept, found):
            title = _property(f"{kept.network}: {name}")
            yield f"::error file={_property(file)},title={title}::{_escaped(message)}\n"
        if kept.kept and kept.candidate:
            figures = [_has_in_words(kept.candidate, each) for each in kept.limits]
            said = f"{kept.network} keeps the budget at {_where(kept.candidate)} with {listed(figures)}"
            chance = f"its chance is {chance_text(kept.candidate.chance)}"
            yield f"::notice file={_property(file)}::{_escaped(f'{said}; {chance}')}\n"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def _failures(kept: Kept, found: BudgetCheck) -> Iterator[tuple[str, str]]:
    """What fails, and why; of a budget that is kept, nothing."""
    if kept.kept:
        return
    if kept.candidate is None:
        yield "figures", kept.reason
        return
    alone = [each for each in kept.limits if not _passes(each, found)]
    for each in alone:
        yield str(each.constraint), _stands(kept.candidate, each, found)
    if not alone:
        yield JOINTLY, f"at {_where(kept.candidate)}: {_chance(_together(kept), found)}"


def _stands(candidate: Candidate, limit: Headroom, found: BudgetCheck) -> str:
    """How a candidate stands to a limit, in a sentence."""
    has, chance = _has_in_words(candidate, limit), _chance(_chance_of(limit), found)
    return f"has {has} at {_where(candidate)}; {chance}"


def _together(kept: Kept) -> str:
    """The chance to keep all limits, in words; where a figure is unknown and no other fails, it is, too."""
    unknown = any(each.value is None for each in kept.limits)
    fails = any(each.value is not None and not each.met for each in kept.limits)
    return chance_text(kept.candidate.chance if kept.candidate and (fails or not unknown) else None)


def _chance_of(limit: Headroom) -> str:
    """The chance to keep one limit, in words."""
    return chance_text(None if limit.value is None else limit.chance)


def _chance(chance: str, found: BudgetCheck) -> str:
    asked = found.requirements.confidence
    return f"its chance is {chance}" + (f", {asked:.0%} is asked" if asked else "")


def _passes(limit: Headroom, found: BudgetCheck) -> bool:
    """Whether a limit is met as surely as is asked; what is unproven counts as it stands."""
    asked = found.requirements.confidence
    if limit.could_be_anything:
        return limit.met and not asked
    return limit.met and (limit.chance is None or limit.chance >= asked)


def _has(candidate: Candidate | None, limit: Headroom) -> str:
    if candidate is None or limit.value is None:
        return "unknown"
    key = limit.constraint.metric
    return marked(candidate, key, with_unit(key, limit.value))


def _has_in_words(candidate: Candidate | None, limit: Headroom) -> str:
    """The same where no line below says what the mark of a prediction means."""
    has = _has(candidate, limit)
    if candidate is None or not is_predicted(candidate, limit.constraint.metric):
        return has
    return f"{has.replace(PREDICTED_MARK, '')} (predicted)"


def _where(candidate: Candidate) -> str:
    run_by = ", ".join(candidate.variant.words)
    return f"batch {candidate.batch} on {candidate.board} ({run_by})"
