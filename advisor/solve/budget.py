"""Whether networks keep a budget: each is asked for alone, and held against every limit."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from advisor.architectures.names import is_own, is_own_file, split_name
from advisor.arguments import checked, trusting
from advisor.catalog.store import Catalog
from advisor.documents import computed
from advisor.errors import AdvisorError, shown
from advisor.options import Requirements
from advisor.solve.candidates.candidate import Candidate, Headroom
from advisor.solve.forecast import alike_there
from advisor.solve.question import read_question
from advisor.solve.recommend.pick import answered
from advisor.solve.recommend.recommendation import Recommendation


@dataclass(frozen=True)
class Kept:
    """How one network stands to a budget.

    Attributes:
        network: what it is called.
        candidate: the best way of running it that keeps the budget, else the one that comes nearest; `None`
            where nothing is known of it.
        kept: whether that meets every limit with the asked confidence.
        reason: why there is no candidate; "" where there is one.
        notes: what could not be done as it was asked, in words.
    """

    network: str
    candidate: Candidate | None
    kept: bool
    reason: str
    notes: tuple[str, ...] = ()

    @property
    def limits(self) -> tuple[Headroom, ...]:
        """How it stands to each limit."""
        return self.candidate.headroom if self.candidate else ()


@dataclass(frozen=True)
class BudgetCheck:
    """How networks stand to a budget.

    Attributes:
        requirements: the budget.
        networks: each network.
    """

    UNDOCUMENTED: ClassVar = ("requirements",)

    requirements: Requirements
    networks: tuple[Kept, ...]

    @computed
    def kept(self) -> bool:
        """Whether every network keeps the budget."""
        return all(each.kept for each in self.networks)


@trusting
@checked
def check(
    budget: str | os.PathLike[str],
    networks: str | Iterable[str],
    *,
    board: str | None = None,
    trust: bool = False,  # noqa: ARG001  (it acts by being given)
    catalog: str | os.PathLike[str] | None = None,
) -> BudgetCheck:
    """Whether networks keep a budget on a board: by what was measured there, else by prediction.

    Args:
        budget: a YAML file that asks, as `pick` takes it; its limits are the budget.
        networks: names of the catalog, files (.onnx, .pt2), or code that makes one ("module:factory"); of
            the last two "net=file.onnx" says what they are to be called.
        board: the board, or several; else the file's, else the default one.
        trust: whether a .pt2 file is read though that could run code which it holds.
        catalog: the catalog folder beside the shipped one, as everywhere.

    Raises:
        AdvisorError: the budget has no limit, or cannot be read; there is no network, one is unknown, or its
            file is broken.
    """
    opened, asked = read_question(budget, board=board, catalog=catalog)
    if not asked.constraints:
        hint = "write what is required, as in `require: {fps: 30}`"
        raise AdvisorError(f"{os.fspath(budget)} states no limit", hint)
    named = [networks] if isinstance(networks, str) else list(networks)
    if not named:
        raise AdvisorError("check what?", "name a network, or several")
    selection = asked.selection
    if selection.architectures or selection.include:
        hint = "leave out what it may choose from"
        raise AdvisorError("a check is about the networks that it names", hint)
    texts = dict(map(_named, named))
    # All of the user's own are there each time: the budget may state the accuracy of each.
    own = {name: text for name, text in texts.items() if is_own(text)}
    for name in texts.keys() - own:
        if name not in opened.described and opened.identities.find(name) is None:
            several = opened.identities.spelt_like(name)
            what = f"{shown(name)} names several" if several else f"unknown network {shown(name)}"
            raise AdvisorError(what, opened.identities.hint(name))
    found = []
    for name in texts:
        task = selection.task or _task_of(opened, name)
        alone = replace(selection, architectures=(name,), networks="all", include=own, task=task)
        kept = _kept(name, answered(opened, replace(asked, selection=alone, explain=(name,))))
        found.append(replace(kept, notes=(*kept.notes, *_alike(opened, kept.candidate))))
    return BudgetCheck(asked, tuple(found))


def _task_of(catalog: Catalog, name: str) -> str | None:
    """What all networks of a name are for; `None` where they differ, or none is known."""
    tasks = {catalog.architecture(each).task for each in catalog.identities.spelt_like(name)}
    return tasks.pop() if len(tasks) == 1 else None


def _named(network: str) -> tuple[str, str]:
    """What a network is called, and what it is made from: for one of the catalog, its name."""
    given, text = split_name(network)
    if not is_own(text):
        if given:
            hint = "only a file or MODULE:FACTORY can be given one"
            raise AdvisorError(f"{network}: a network of the catalog has a name", hint)
        return text, text
    file = is_own_file(text)
    return given or (Path(text).stem if file else text.partition("@")[0].replace(":", ".")), text


def _kept(network: str, found: Recommendation) -> Kept:
    """How a network stands to a budget.

    Args:
        network: what it is called.
        found: the answer to the question about it alone.
    """
    if found.best is not None:
        return Kept(network, found.best, True, "", found.notes)
    near = [each.nearest for each in found.explained if each.nearest is not None]
    if near:
        return Kept(network, min(near, key=_distance), False, "", found.notes)
    sizes = sorted({size for each in found.explained for size in each.out_of_memory})
    reason = (
        f"it is out of memory at batch {', '.join(map(str, sizes))}"
        if sizes
        else "nothing is known of it there, and nothing can be predicted"
    )
    return Kept(network, None, False, reason, found.notes)


def _alike(catalog: Catalog, candidate: Candidate | None) -> Iterator[str]:
    """Which other networks of its name its board ran, where it did not run that one."""
    if candidate is not None:
        table = catalog.measurements(catalog.board(candidate.board))
        for said in alike_there(catalog, candidate.architecture, table):
            yield said.removesuffix(".")


def _distance(candidate: Candidate) -> tuple[int, float, str]:
    """How far a candidate is from a budget."""
    lacks = sum(not each.met for each in candidate.headroom)
    return lacks, -(candidate.chance or 0.0), candidate.board
