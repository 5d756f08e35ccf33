"""The public functions that combine what stands below: each can be used from Python as from the shell."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.arguments import AnyPath, checked, trusted
from advisor.catalog.accuracy import OwnImages
from advisor.catalog.check import Checked, check
from advisor.catalog.files import write_whole
from advisor.catalog.hosted import layers_of
from advisor.catalog.importers.results import read_results
from advisor.catalog.store import Catalog, Surveyed
from advisor.documents import DOCUMENTS, file_schema_text, schema_text
from advisor.errors import AdvisorError, closest, shown
from advisor.limits import LEAST_PERCENT
from advisor.measuring.access import OPEN, Access
from advisor.option_kinds import read_names
from advisor.paper.board_findings import Findings
from advisor.paper.findings_figures import findings_figure, survey_figure
from advisor.paper.survey import Survey
from advisor.prediction.board_model import BoardFit, Fitted
from advisor.prediction.fit_store import read_fit, write_fit
from advisor.prediction.ready_fit import ready_fit
from advisor.quality import name_of_own
from advisor.quantities import TIME, parse
from advisor.report.charts.answer_figures import (
    asked_names,
    comparison_figure,
    drawing,
    fit_figure,
    frontier_figure,
    kind_of,
)
from advisor.report.charts.figure import Figure
from advisor.report.comparison import Comparison
from advisor.solve.candidates.named_networks import as_called
from advisor.solve.question import read_question
from advisor.solve.recommend.frontier import Frontier
from advisor.solve.recommend.pick import recommend
from advisor.solve.recommend.recommendation import Recommendation
from advisor.solve.verify.benches import Attempt, Bench, Evaluated, Key, TableBench
from advisor.solve.verify.verification import (
    BoardWorld,
    Check,
    Images,
    Verification,
    verification,
)

if TYPE_CHECKING:
    from advisor.measuring.children import Children
    from advisor.measuring.local_bench import LocalBench
    from advisor.measuring.tasks import Cell
    from advisor.options import Requirements


@checked
def verified_pick(
    question: Mapping[str, object],
    most: int,
    *,
    simulate: str | None = None,
    device: str | None = None,
    time: str | None = None,
    data: AnyPath | None = None,
    images: int | None = None,
    calibrate: AnyPath | None = None,
    download: bool = False,
    on: str | None = None,
    access: Access = OPEN,
    on_check: Callable[[Check], None] = lambda check: None,  # noqa: ARG005
    on_progress: Callable[[str, float], None] = lambda what, remaining_s: None,  # noqa: ARG005
) -> tuple[Recommendation, Verification]:
    """Which network to ship on a board, after measuring the pick and what may be better.

    The pick is measured, and it is picked anew from all that is known then, until the pick is measured and
    hardly anything else would take its place. What is measured becomes part of the board, whose models are
    fitted anew; with `simulate` nothing is written.

    Args:
        question: as `pick` takes it, by name; it is asked of one board, and of all networks, measured or not.
        most: how many measurements may be spent.
        simulate: a CSV file of results that stands in for measuring.
        device: what to measure on, such as "cpu" or "cuda:0"; `None` for what the board was measured on.
        time: how long measuring may take at most, such as "5 min": what takes longer is not begun.
        data: images of your own, as `evaluate` takes them, on which accuracies are found out, too. Until then
            networks are taken to reach there what was published of them, which nothing proves: no pick rests
            on it.
        images: how many of these, by a fixed seed; `None` for all.
        calibrate: a folder of images by which int8 ranges are set.
        download: whether torchvision or timm may fetch their own weights, without which there is nothing to
            look at.
        on: the address of the Dask scheduler whose worker is the board; `None` for this machine.
        access: by which right that is reached.
        on_check: hears of each measurement when it is done.
        on_progress: hears what is measured next, and of about how many seconds are left.

    Returns:
        The recommendation, and how it was verified.

    Raises:
        AdvisorError: the question cannot be read, its board cannot be measured or predicted, or the table
            cannot be read.
        KeyboardInterrupt: measuring was interrupted; what was found is kept.
    """
    if simulate is not None and on is not None:
        raise AdvisorError("--simulate measures nowhere", "leave out --on")
    how = dict(question)
    on_images = None
    if data is not None:
        by = None if calibrate is None else str(calibrate)
        on_images = Images(str(data), images, by, download=download)
    with trusted(said=bool(how.pop("trust", False))), ExitStack() as held:

        def children(board: str) -> Children | None:
            if on is None:
                return None
            from advisor.measuring.fleet_run import board_on

            return held.enter_context(board_on(on, board, access))

        answer, verified = _verified_pick(
            how, most, simulate, device, time, on_images, children, on_check, on_progress
        )
    return answer, replace(verified, on=on)


def _verified_pick(
    question: Mapping[str, object],
    most: int,
    simulate: str | None,
    device: str | None,
    time: str | None,
    on_images: Images | None,
    children_of: Callable[[str], Children | None],
    on_check: Callable[[Check], None],
    on_progress: Callable[[str, float], None],
) -> tuple[Recommendation, Verification]:
    if simulate is not None and device is not None:
        raise AdvisorError("--simulate runs on no device", "leave out --device")
    if simulate is not None and on_images is not None:
        raise AdvisorError("--simulate looks at no images", "leave out --data")
    time_s = None if time is None else parse(time, TIME, "--time") / 1000
    if question.get("candidates") == "board":
        hint = "leave out --candidates board"
        raise AdvisorError("--verify chooses from all networks, measured or not", hint)
    catalog, asked = read_question(**{**question, "candidates": "all"})  # type: ignore[arg-type]
    name, evaluating = _board_to_measure(asked), None
    if on_images is not None:
        evaluating = _OwnImages(catalog, asked, on_images, on_progress)
        catalog, asked = evaluating.catalog, evaluating.asked
    surveyed = catalog.surveyed(name)
    fit = _fit(catalog, surveyed)
    children = children_of(name)
    bench = _bench(catalog, surveyed, simulate, device, on_progress, children)
    if evaluating is not None and isinstance(bench, _ThisMachine):
        evaluating.device = bench.bench.device
        evaluating.on_board(name, children)
    again = _refit(catalog, fit, keep=simulate is None)
    limit_s = math.inf if time_s is None else time_s
    world = BoardWorld(
        catalog, asked, surveyed, fit, bench, again, limit_s, accuracy_bench=evaluating
    )
    asked = as_called(catalog, asked, world.candidates)
    recommend(world.candidates, asked)  # what is wrong with the question costs no measurement

    def notify(check: Check) -> None:
        on_check(check)
        if bench.stopped:
            raise KeyboardInterrupt("stopped; what was found is kept")

    verified = verification(world, most, simulate, device, time_s, notify)
    if evaluating is not None:
        verified = replace(verified, evaluated=evaluating.how)
    return recommend(world.candidates, asked), verified


def _board_to_measure(asked: Requirements) -> str:
    """The one board of a question that can be verified.

    Raises:
        AdvisorError: it asks several, or leaves out predictions.
    """
    if asked.boards is None or len(asked.boards) > 1:
        raise AdvisorError("--verify measures on one board", "name one: --board NAME")
    if not asked.selection.predictions:
        raise AdvisorError("--verify chooses among predictions", "leave out --no-predictions")
    return asked.boards[0]


def _bench(
    catalog: Catalog,
    surveyed: Surveyed,
    simulate: str | None,
    device: str | None,
    on_progress: Callable[[str, float], None],
    children: Children | None,
) -> Bench:
    """What measures: a table, or the board itself."""
    if simulate is None:
        from advisor.measuring.local_bench import LocalBench

        return _ThisMachine(LocalBench(catalog, surveyed, device, on_progress, children))
    results = read_results(Path(simulate), catalog.zoo.not_timms)
    here = surveyed.measurements.architecture.position
    identities = catalog.identities
    found = {name: identities.find(name) for name in results.architecture.names}
    meant = {name: identities.key(name) or each.name for name, each in found.items() if each}
    names = {  # as the board's rows have it, else as what is predicted is called
        name: identities.called(identities.names_of(each)[0], here) for name, each in meant.items()
    }
    return TableBench(surveyed, results.renamed(names), simulate)


class _ThisMachine:
    """This machine as a bench on which candidates are measured."""

    def __init__(self, bench: LocalBench) -> None:
        self.bench, self.lacks, self.stopped = bench, bench.lacks, False

    def offers(self, key: Key) -> bool:
        """Whether the network is one that can be built."""
        return self.bench.offers(key.architecture)

    def seconds(self, key: Key, latency_ms: float) -> float:
        """How long measuring it takes, roughly."""
        return self.bench.seconds(self._cell(key), latency_ms)

    def _cell(self, key: Key) -> Cell:
        from advisor.measuring.tasks import Cell

        wanted = key.variant
        return Cell(key.architecture, key.batch, wanted.runtime, wanted.precision, wanted.threads)

    def measure(self, key: Key) -> Attempt:
        """Measure one; the row becomes part of the board's files."""
        tried = self.bench.measure(self._cell(key))
        self.stopped = self.bench.stopped
        ran_as = key.variant._replace(processor=tried.processor, threads=tried.threads)
        found = key._replace(variant=ran_as)
        return Attempt(tried.surveyed, found if tried.has_row else None, tried.reason)


def _quantised() -> tuple[tuple[str, str], ...]:
    """The runtimes that quantise here, with the precision."""
    from advisor.measuring.runtimes.variants import RUNTIMES, own_precisions

    return tuple((name, "int8") for name in RUNTIMES if "int8" in own_precisions(name, "cpu"))


class _OwnImages:
    """Images of the user's own, on which accuracies are found out; see `AccuracyBench`.

    Attributes:
        device: what networks run on: the CPU, or what the bench measures on.
        elsewhere: the board elsewhere on which they run, as `evaluate` takes it; none for this machine.
    """

    def __init__(
        self,
        catalog: Catalog,
        asked: Requirements,
        how: Images,
        on_progress: Callable[[str, float], None],
    ) -> None:
        """Find the images; the question is of them from then on.

        Raises:
            AdvisorError: there are none, or one cannot be read.
        """
        from advisor.measuring.image_data import read_image_set

        found = read_image_set(Path(how.data), how.images, on_progress=on_progress)
        self.how, self.device = how, "cpu"
        self.elsewhere: dict[str, Any] = {}
        data_set = name_of_own(asked.selection.data_set or found.name, len(found.images))
        self.on_progress, self.count = on_progress, len(found.images)
        quantised = _quantised() if how.calibrate else ()
        self.catalog = replace(catalog, own_images=OwnImages(data_set, self.count, quantised))
        self.asked = replace(asked, selection=replace(asked.selection, data_set=data_set))

    def on_board(self, name: str, children: Children | None) -> None:
        """Run networks on a board elsewhere; on this machine where there are no children of one."""
        self.elsewhere = {} if children is None else {"board": name, "children": children}

    def seconds(self, key: Key, latency_ms: float) -> float:
        """How long it takes, roughly; nothing where that is unknown."""
        return 0.0 if math.isnan(latency_ms) else self.count / key.batch * latency_ms / 1000

    def evaluate(self, key: Key, weights: str) -> Evaluated:
        """Run the images through one candidate; what is found becomes part of the user's catalog."""
        from advisor.measuring.children import BoardLostError
        from advisor.measuring.evaluation import evaluate

        try:
            found = evaluate(
                self.catalog.identities.written(key.architecture),
                self.how.data,
                runtime=key.variant.runtime,
                precision=key.variant.precision,
                images=self.how.images,
                calibrate=self.how.calibrate,
                device=self.device,
                download=weights if self.how.download else False,
                data_set=self.asked.selection.data_set,
                catalog=self.catalog.own_folder,
                on_progress=self.on_progress,
                **self.elsewhere,
            )
        except BoardLostError:
            raise
        except AdvisorError as error:
            return Evaluated(self.catalog, error.message)
        if not found.finished:
            raise KeyboardInterrupt("stopped; what was found is kept")
        self.catalog = replace(self.catalog)  # another, which reads again
        way = found.ways[-1]
        right = way.accuracy_percent
        if right is not None and right.value < LEAST_PERCENT:
            return Evaluated(self.catalog, f"it is right on {right.value:.2g} % of the images")
        return Evaluated(self.catalog, way.reason)


def _fit(catalog: Catalog, surveyed: Surveyed) -> BoardFit:
    """The board's models, and what other boards predict of it.

    Raises:
        AdvisorError: there are none for its present rows.
    """
    board, table = surveyed.board, surveyed.measurements
    fit, said = ready_fit(catalog, board, table, catalog.architectures_with(table))
    if fit is None:
        hint = f"run advisor fit {board.name}; advisor suggest names networks to measure before"
        raise AdvisorError(f"nothing is predicted: {said}", hint)
    return fit


def _refit(catalog: Catalog, before: BoardFit, *, keep: bool) -> Callable[[Surveyed], BoardFit]:
    """Fits the board anew in the way in which it is fitted; what is to be kept goes into its folder."""
    from advisor.prediction.fitting import refit  # scikit-learn, which checking files needs not

    def again(surveyed: Surveyed) -> BoardFit:
        fit = refit(catalog, surveyed.board, surveyed.measurements, before.recipe).fit
        if keep:
            write_fit(surveyed.board, fit, catalog.own_folder)
        return fit

    return again


@checked
def draw(
    answer: object,
    path: str | os.PathLike[str],
    *,
    label: str | Sequence[str] | None = None,
    catalog: str | os.PathLike[str] | None = None,
) -> Path:
    """Draw an answer, and write the picture.

    Args:
        answer: what `frontier`, `compare`, `fit`, `findings` or `survey` gives.
        path: the file, whose ending says what kind: .svg or .png.
        label: of a frontier or a fit, networks whose names are written in any case, as a list or with
            commas between them.
        catalog: the catalog folder beside the shipped one, in which those names are looked up.

    Returns:
        The file.

    Raises:
        AdvisorError: there is nothing to draw, a network to be named is not in the picture, the ending is
            another, the file cannot be written, or the plotting libraries are not installed.
    """
    file = Path(path)
    kind = kind_of(file)
    figure = _figure_of(answer, read_names("label", label), catalog)
    write_whole(file, drawing()(figure, kind))
    return file


def _figure_of(
    answer: object, label: tuple[str, ...], catalog: str | os.PathLike[str] | None
) -> Figure:
    def asked(here: Iterable[str]) -> frozenset[str]:
        return (
            asked_names(label, set(here), Catalog.open(catalog).identities)
            if label
            else frozenset()
        )

    if isinstance(answer, Frontier):
        return frontier_figure(answer, asked(answer.compared))
    if isinstance(answer, Fitted):
        return fit_figure(answer, asked(each.architecture for each in answer.held_out))
    if label:
        raise AdvisorError(
            "label: this picture names all that it has room for",
            "name networks of a frontier or a fit",
        )
    if isinstance(answer, Comparison):
        return comparison_figure(answer)
    if isinstance(answer, Findings):
        return findings_figure(answer)
    if isinstance(answer, Survey):
        return survey_figure(answer)
    raise AdvisorError(
        f"a {type(answer).__name__} has no picture",
        "draw a frontier, a comparison, a fit, findings or a survey",
    )


@checked
def check_fit_drawn(
    boards: str | Sequence[str],
    *,
    label: str | Sequence[str] | None = None,
    catalog: str | os.PathLike[str] | None = None,
) -> None:
    """Refuse, before anything is fitted, what no fit of these boards could be drawn as.

    Args:
        boards: what is to be fitted, by names or patterns.
        label: networks whose names are to be written; one that the board has run, but of which no model says
            anything, only `draw` can refuse.
        catalog: the catalog folder beside the shipped one, as everywhere.

    Raises:
        AdvisorError: several boards are meant, or the board has not run a network that is to be named.
    """
    opened = Catalog.open(catalog)
    names = opened.boards_meant([boards] if isinstance(boards, str) else boards)
    if len(names) > 1:
        raise AdvisorError(
            f"a picture shows the fit of one board, {len(names)} are meant", "name one"
        )
    if asked := read_names("label", label):
        (board,) = names
        here = opened.surveyed(board).measurements.architecture.names
        asked_names(asked, here, opened.identities)


@checked
def check_catalog(catalog: str | os.PathLike[str] | None = None) -> Checked:
    """Read every file of the catalog, those that your own replaces included.

    Args:
        catalog: your own catalog's folder; else that of `ADVISOR_CATALOG`, else the platform's.

    Returns:
        All that is wrong, and how much was read.

    Raises:
        AdvisorError: the folder does not exist, or is of a later format than is read here.
    """
    return check(Catalog(layers_of(catalog)), read_fit)


@checked
def schema(document: str) -> str:
    """The JSON Schema of a document that a command prints with `--json`, or of a file that one reads.

    Args:
        document: one of `DOCUMENTS`.

    Raises:
        AdvisorError: there is no such document.
    """
    if document not in DOCUMENTS:
        raise AdvisorError(f"no document {shown(document)}", closest(document, DOCUMENTS))
    from advisor.catalog.listing import Boards, KnownBoards
    from advisor.measuring.evaluation import Evaluation
    from advisor.measuring.fleet import FleetFound
    from advisor.measuring.fleet_evaluation import EvaluatedFleet
    from advisor.options import Requirements
    from advisor.paper import board_findings, survey_text
    from advisor.paper.survey import Survey
    from advisor.prediction.transfer.suggestions import Suggestions
    from advisor.report import answer_documents, catalog_text
    from advisor.report.answer_documents import FRONTIER, PICK, PLAN
    from advisor.report.budget_text import CHECK
    from advisor.report.comparison import Comparison
    from advisor.report.evaluation_text import EVALUATE, EVALUATE_ON
    from advisor.report.fleet_text import FLEET
    from advisor.report.known_network import show_schema
    from advisor.solve.budget import BudgetCheck
    from advisor.solve.forecast import Predictions
    from advisor.solve.plan.plan_answer import Plan
    from advisor.solve.plan.workloads import PlanRequest
    from advisor.solve.recommend.frontier import Frontier
    from advisor.solve.recommend.recommendation import Recommendation
    from advisor.solve.verify.verification import Verification

    verified = Verification | None
    shapes: Mapping[str, Callable[[], str]] = {
        "pick": lambda: schema_text(
            PICK, Recommendation, query=Requirements, verification=verified
        ),
        "frontier": lambda: schema_text(FRONTIER, Frontier, query=Requirements),
        "plan": lambda: schema_text(PLAN, Plan, query=PlanRequest),
        "check": lambda: schema_text(CHECK, BudgetCheck, query=Requirements),
        "predict": lambda: schema_text(answer_documents.PREDICT, Predictions),
        "suggest": lambda: schema_text(answer_documents.SUGGEST, Suggestions),
        "compare": lambda: schema_text(answer_documents.COMPARE, Comparison),
        "boards": lambda: schema_text(answer_documents.BOARDS, Boards),
        "show": show_schema,
        "show-boards": lambda: schema_text(answer_documents.SHOW_BOARDS, KnownBoards),
        "evaluate": lambda: schema_text(EVALUATE, Evaluation),
        "evaluate-on": lambda: schema_text(EVALUATE_ON, EvaluatedFleet),
        "findings": lambda: schema_text(board_findings.SCHEMA, board_findings.Findings),
        "survey": lambda: schema_text(survey_text.SCHEMA, Survey),
        "zoo": lambda: schema_text(catalog_text.SCHEMA, catalog_text.ZooRows),
        "fleet": lambda: schema_text(FLEET, FleetFound),
        "requirements": lambda: file_schema_text("requirements", Requirements),
        "plan-file": lambda: file_schema_text("plan-file", PlanRequest),
    }
    return shapes[document]()
