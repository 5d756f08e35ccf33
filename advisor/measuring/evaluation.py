"""How often a network is right on the user's images, in each way to run it: found, and kept as accuracies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from advisor.arguments import AnyPath, checked, trusting
from advisor.catalog.accuracy_table import accuracy_table, key_of, read_accuracies
from advisor.catalog.files import layers_with, write_whole
from advisor.catalog.records import Estimate, Weights
from advisor.catalog.store import ACCURACY_FILE, Catalog
from advisor.catalog.writers import writing
from advisor.errors import AdvisorError, shown
from advisor.limits import LEAST_PERCENT
from advisor.measuring.annotated_images import AnnotatedImages
from advisor.measuring.box_decoders import named_decoder
from advisor.measuring.campaign import ReportProgress
from advisor.measuring.children import BoardLostError, Children, RealChildren
from advisor.measuring.evaluation_plan import USUAL_BATCH, EvaluationPlan, plan_evaluation
from advisor.measuring.evaluation_run import EvaluationRun, run_evaluation
from advisor.measuring.image_answers import BAD, FIRST
from advisor.measuring.image_data import ImageSet
from advisor.measuring.mean_precision import LEAST_BOXES, LEAST_IMAGES, mean_precision
from advisor.measuring.measurable import keep_costs
from advisor.measuring.paired_accuracy import loss, share
from advisor.measuring.preprocessing import ASSUMED, Preprocessing
from advisor.measuring.runtimes.exports import size_mb
from advisor.measuring.served_files import kept_beside, served_file
from advisor.measuring.tasks import Cell
from advisor.quality import CLASSIFICATION, usual

MEASURED_TOO = ("latency_ms", "memory_mb")
"""What `advisor measure` finds of a way to run a network."""
LEAST_OF_BOXES = 1.0
"""A detector of a lower mAP50-95, in percent, was hardly given its images or classes aright."""

LEAST_ABOVE_CHANCE = 0.1
"""A network that is better than chance by less of what is possible was hardly given its images aright."""


@dataclass(frozen=True)
class Evaluated:
    """One way to run a network, and how often it is right.

    Attributes:
        runtime: what ran it.
        precision: its number format.
        accuracy_percent: the share of images whose right class came first, with its exact interval; of a
            detector its mAP50-95, with an interval by random halves of the images, unknown of fewer than 10;
            null where it could not be run.
        top5_percent: of which it was among the first five; null of a network of five classes or fewer.
        loss_points: by how many points that is less than in fp32, on the same images; null of fp32 itself.
        lost: how many images fp32 has right, and this not; null where nothing is held against fp32.
        gained: how many this has right, and fp32 not.
        file: what it was served from; of what was quantised here a copy that stays. Null where code alone
            makes the network.
        file_size_mb: how large that is, in MB (1e6 bytes); null where unknown.
        latency_ms: of one image, as a board of the user's own has it; null where unknown.
        memory_mb: peak memory to serve it, as the same board has it; null where unknown.
        pareto_optimal: whether no other is at least as good in accuracy, file size, latency and memory, as
            far as both are known, and better in one.
        reason: why it could not be run; empty if it could.
    """

    runtime: str
    precision: str
    accuracy_percent: Estimate | None
    top5_percent: Estimate | None = None
    loss_points: Estimate | None = None
    lost: int | None = None
    gained: int | None = None
    file: Path | None = None
    file_size_mb: float | None = None
    latency_ms: Estimate | None = None
    memory_mb: Estimate | None = None
    pareto_optimal: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Evaluation:
    """What a network reaches on some images.

    Attributes:
        network: the network.
        weights: what its weights are called.
        data: where the images were found.
        data_set: what they are called, by their content unless the user says otherwise.
        images: on how many the network was evaluated.
        found: how many there are.
        classes: how many the network has.
        preprocessing: how images became what the network takes.
        skipped: the images that could not be read, and why.
        finished: whether all was done, rather than stopped by Ctrl-C; the same call goes on.
        ways: the ways in which it was run, what the others are held against first.
        accuracy_file: the table that holds the accuracies now; null where nothing was finished.
        left_out: what was not evaluated though it was asked for, and why.
        notes: what else is to be said.
        task: what the network is for.
        metric: in what its accuracy is stated.
        decoder: by what a detector's output was decoded; "" of a classifier.
        class_mapping: how a detector's classes became the categories of the annotations: "order", "ids",
            "names"; "" of a classifier.
    """

    network: str
    weights: str
    data: str
    data_set: str
    images: int
    found: int
    classes: int
    preprocessing: Preprocessing
    skipped: tuple[str, ...]
    finished: bool
    ways: tuple[Evaluated, ...]
    accuracy_file: Path | None
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    task: str = CLASSIFICATION
    metric: str = usual(CLASSIFICATION).metric
    decoder: str = ""
    class_mapping: str = ""
    board: str = ""
    units: Mapping[str, int] = field(default_factory=dict)


@trusting
@checked
def evaluate(
    network: str,
    data: AnyPath,
    *,
    runtime: str | Sequence[str] | None = None,
    precision: str | Sequence[str] | None = None,
    images: int | None = None,
    crop: str | float | None = None,
    mean: str | Sequence[float] | None = None,
    std: str | Sequence[float] | None = None,
    interpolation: str | None = None,
    weights: AnyPath | None = None,
    download: bool | str = False,
    calibrate: AnyPath | None = None,
    batch: int = USUAL_BATCH,
    device: str = "cpu",
    data_set: str | None = None,
    task: str = CLASSIFICATION,
    decoder: str | None = None,
    classes: str | Sequence[str] | None = None,
    skip_bad: bool = False,
    fresh: bool = False,
    trust: bool = False,  # noqa: ARG001  (it acts by being given)
    catalog: AnyPath | None = None,
    on_progress: ReportProgress = lambda what, remaining_s: None,  # noqa: ARG005
    board: str = "",
    children: Children | None = None,
) -> Evaluation:
    """How well a classifier or a detector does on your images, in each runtime and precision.

    Every answer is kept as soon as it is known: after an interruption, the same call goes on. Ctrl-C ends it
    in order. What was finished becomes accuracies of your catalog, which `advisor.pick` uses at once.

    Args:
        network: a file that ends in .onnx or .pt2, or `module:factory`, after "NAME=" to call it so; or a
            network of torchvision's or timm's by name.
        data: a folder of class folders, as torchvision's `ImageFolder` takes it, or a CSV file with the
            columns `path` and `label`. For detection a file of annotations as COCO's, or the folder that has
            one, in it or in its folder `annotations`; the images lie there or anywhere below.
        runtime: what runs it, one by one or with commas between them; `None` for eager, or onnxruntime for a
            file of the ONNX format.
        precision: number formats, likewise; `None` for that of the file, or fp32. What is not fp32 is held
            against fp32, which is run, too.
        images: how many to choose, by a fixed seed; `None` for all.
        crop: the share of an image's shorter side that is kept, as in "0.875"; or "squash", which brings the
            whole image to the network's height and width. `None` for what the weights' publisher says. Of
            detection "squash", or "letterbox", which is usual: the whole image on grey.
        mean: what is taken off each channel, whose values go from 0 to 1, as in "0.485,0.456,0.406".
        std: what is divided by then.
        interpolation: how sizes are changed: bilinear, bicubic, nearest, lanczos.
        weights: the file of a state dict, which is read as data.
        download: whether torchvision or timm may fetch its own weights; or what the set is called that it is
            to fetch.
        calibrate: a folder of images by which int8 ranges are set; 128 of them, by a fixed seed.
        batch: images per forward pass.
        device: "cpu", or as in "cuda:0".
        data_set: what the images are called; `None` for a name made of their content.
        task: "classification" or "detection".
        decoder: how a detector's output is to be read: torchvision, yolo-end-to-end, yolo-v8 or yolo-v5;
            `None` for what its shapes show.
        classes: how a detector's classes become the categories of the annotations: "order", by their ids in
            ascending order; "ids", these being the classes; or the names of the classes in the network's
            order, with commas between them, or in a file with a name a line. `None` for ids of torchvision's
            networks, and for order.
        skip_bad: whether images that cannot be read are left out, and counted.
        fresh: begin anew even if an evaluation could go on.
        trust: whether a .pt2 file is read though that could run code which it holds.
        catalog: the catalog folder to write into; else that of `ADVISOR_CATALOG`, else the platform's.
        on_progress: hears what happens next, and about how many seconds are left.
        board: what the board elsewhere is called that runs it; "" for this machine.
        children: what runs each task there; processes of this machine unless given.

    Raises:
        AdvisorError: something is unknown, cannot be read, or cannot be run; images and network do not go
            together; another evaluation of the network is at work; or a board is named without children.
    """
    if board and children is None:
        raise AdvisorError(
            f"evaluate runs on this machine, which is not board {shown(board)}",
            "evaluate it there: advisor.evaluate_on, or advisor evaluate --on; or name no board",
        )
    plan = plan_evaluation(
        network,
        data,
        runtime=runtime,
        precision=precision,
        images=images,
        crop=crop,
        mean=mean,
        std=std,
        interpolation=interpolation,
        weights=weights,
        download=download,
        calibrate=calibrate,
        batch=batch,
        device=device,
        data_set=data_set,
        task=task,
        decoder=decoder,
        classes=classes,
        skip_bad=skip_bad,
        catalog=catalog,
        elsewhere=bool(board),
        on_progress=on_progress,
    )
    here = RealChildren() if children is None else children
    run = run_evaluation(plan, here, on_progress, board=board, fresh=fresh, skip_bad=skip_bad)
    if run.why_stopped:
        raise BoardLostError(run.why_stopped, "what was found is kept: once it is back, ask again")
    return published(run)


def published(run: EvaluationRun, *, first: bool = True) -> Evaluation:
    """What a run has found; it becomes accuracies of the catalog.

    Args:
        run: the run, which has ended.
        first: whether what is found in fp32 becomes the network's accuracy in floats, wherever it runs.
    """
    plan = run.plan
    found = _detected(plan, run) if plan.finds_boxes else _classified(plan, run)
    in_files = [
        _with_file(plan, run, cell, way) for cell, way in zip(plan.cells, found, strict=True)
    ]
    ways = with_pareto(_with_measured(plan, in_files))
    return Evaluation(
        network=plan.network.name,
        weights=plan.weights.name,
        data=str(plan.data),
        data_set=plan.data_set,
        images=len(_both(plan, run, plan.cells[0])),
        found=plan.images.found,
        classes=run.outputs or len(plan.images.classes),
        preprocessing=plan.preprocessing,
        skipped=(*plan.images.unreadable, *run.unreadable),
        finished=run.finished,
        ways=ways,
        accuracy_file=_publish(plan, run, ways, first=first),
        left_out=plan.left_out,
        notes=(*plan.notes, *plan.images.notes, *run.lost.values(), *_notes(plan, run, ways)),
        task=plan.network.task,
        metric=usual(plan.network.task).metric,
        decoder=run.decoder,
        class_mapping=_mapping(plan.images, run),
        board=plan.board,
        units=run.images_by_unit,
    )


def _classified(plan: EvaluationPlan, run: EvaluationRun) -> list[Evaluated]:
    """What was found of a classifier, in each cell."""
    return [_way(plan, run, cell) for cell in plan.cells]


def _detected(plan: EvaluationPlan, run: EvaluationRun) -> list[Evaluated]:
    """What was found of a detector, in each cell."""
    images = plan.images
    if not isinstance(images, AnnotatedImages):
        raise TypeError("a detector is evaluated on annotated images")
    ways, baseline = [], None
    for cell in plan.cells:
        if not run.is_whole(cell):
            reason = run.failed.get(cell, "stopped before it was done")
            ways.append(Evaluated(*cell.variant, None, reason=reason))
            continue
        boxes = run.boxes(cell)
        category_of = images.category_of(named_decoder(run.decoder).first_class)
        precision = mean_precision(list(boxes), images.boxes, boxes, category_of)
        way = Evaluated(*cell.variant, precision.estimate())
        if cell == plan.baseline:
            baseline = precision
        elif baseline is not None:
            way = replace(way, loss_points=precision.loss(baseline))
        ways.append(way)
    return ways


def _mapping(images: ImageSet, run: EvaluationRun) -> str:
    """How a detector's classes became categories; "" of a classifier."""
    if not isinstance(images, AnnotatedImages) or not run.decoder:
        return ""
    return images.mapped_by(named_decoder(run.decoder).first_class)


def _both(plan: EvaluationPlan, run: EvaluationRun, cell: Cell) -> list[tuple[str, str]]:
    """For each image that can be read, how far up the right answer comes in a cell, and in fp32."""
    own = run.ranks(cell)
    baseline = own if plan.baseline is None else run.ranks(plan.baseline)
    pairs = zip(own, baseline, strict=False)
    return [(one, other) for one, other in pairs if BAD not in (one, other)]


def _way(plan: EvaluationPlan, run: EvaluationRun, cell: Cell) -> Evaluated:
    """What was found of a cell."""
    if not run.is_whole(cell):
        reason = run.failed.get(cell, "stopped before it was done")
        return Evaluated(*cell.variant, None, reason=reason)
    pairs = _both(plan, run, cell)
    right = sum(one == "0" for one, _ in pairs)
    among = sum(one != str(FIRST) for one, _ in pairs)
    found = Evaluated(
        *cell.variant,
        share(right, len(pairs)),
        share(among, len(pairs)) if run.outputs > FIRST else None,
    )
    if plan.baseline in (None, cell):
        return found
    lost = sum(one != "0" == other for one, other in pairs)
    gained = sum(other != "0" == one for one, other in pairs)
    points = loss(lost, gained, len(pairs))
    return replace(found, loss_points=points, lost=lost, gained=gained)


def _with_file(plan: EvaluationPlan, run: EvaluationRun, cell: Cell, way: Evaluated) -> Evaluated:
    """What a way was served from; what was quantised here is kept."""
    path = served_file(plan, cell, run.prepared.get(cell, ""))
    if path is None or way.accuracy_percent is None or not path.exists():
        return way
    if plan.task(cell).to_quantise:
        path = kept_beside(plan.folder, cell, path)
    return replace(way, file=path, file_size_mb=size_mb(path))


def _with_measured(plan: EvaluationPlan, ways: Sequence[Evaluated]) -> list[Evaluated]:
    """The ways with what serving one image takes, where one of the user's boards has it.

    Of a network that was run on a board elsewhere that board alone counts.
    """
    catalog = Catalog(layers_with(plan.catalog))
    known: dict[tuple[str, str], dict[str, Any]] = {}
    for name, layer in catalog.board_layers.items():
        if layer is not catalog.layers[-1] or len(catalog.layers) < 2:
            continue
        if plan.board not in ("", name):
            continue
        try:
            table = catalog.measurements(catalog.board(name))
        except AdvisorError:  # of a broken board, which costs nothing but itself
            continue
        for row in np.flatnonzero(table.ran & (table.batch == 1)).tolist():
            if table.architecture.at(row) == plan.network.name:
                figures = {key: getattr(table, key).estimate(row) for key in MEASURED_TOO}
                known.setdefault((table.runtime.at(row), table.precision.at(row)), figures)
    return [replace(each, **known.get((each.runtime, each.precision), {})) for each in ways]


def with_pareto(ways: Sequence[Evaluated]) -> tuple[Evaluated, ...]:
    """The ways, each with whether it is Pareto-optimal among them; see `Evaluated`."""
    return tuple(
        replace(
            each,
            pareto_optimal=each.accuracy_percent is not None
            and not any(_dominates(other, each) for other in ways),
        )
        for each in ways
    )


def _dominates(one: Evaluated, other: Evaluated) -> bool:
    """Whether one way leaves no reason for another."""
    if one.accuracy_percent is None or other.accuracy_percent is None:
        return False
    pairs = zip(_goods(one), _goods(other), strict=True)
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    return all(a >= b for a, b in known) and any(a > b for a, b in known)


def _goods(way: Evaluated) -> list[float | None]:
    """What a way is judged by, more being better; `None` where it is unknown."""
    accuracy, size = way.accuracy_percent, way.file_size_mb
    return [
        None if accuracy is None else accuracy.value,
        None if size is None else -size,
        *(None if each is None else -each.value for each in (way.latency_ms, way.memory_mb)),
    ]


def _publish(
    plan: EvaluationPlan, run: EvaluationRun, ways: Sequence[Evaluated], *, first: bool
) -> Path | None:
    """Put what was found into the catalog's table of accuracies; see `published`.

    Returns:
        The table; `None` where there was nothing to put into it.
    """
    rows = [
        _row(plan, cell, way, len(_both(plan, run, cell)))
        for cell, way in zip(plan.cells, ways, strict=True)
        if (first or cell != plan.baseline)
        and way.accuracy_percent is not None
        and way.accuracy_percent.value >= LEAST_PERCENT
    ]
    if not rows:
        return None
    folder = plan.catalog
    keep_costs(folder, [plan.network])
    path = folder / ACCURACY_FILE
    with writing(folder):
        known = Catalog(layers_with(folder)).architectures
        before = []
        if path.exists():
            before = read_accuracies(path, known, None, lambda name: known[name].task)
        replaced = {key_of(each) for each in rows}
        others = [each for each in before if key_of(each) not in replaced]
        write_whole(path, accuracy_table([*others, *rows]))
    return path


def _row(plan: EvaluationPlan, cell: Cell, way: Evaluated, images: int) -> Weights:
    """A way's accuracy as the catalog has it; that in fp32 holds wherever the network runs in floats.

    Any other that was found on a board elsewhere is that board's.
    """
    if way.accuracy_percent is None:
        raise ValueError("what was not evaluated has no row")
    is_baseline = cell == plan.baseline
    runtime, precision = ("", "") if is_baseline else cell.variant
    return Weights(
        architecture=plan.network.name,
        name=plan.weights.name,
        accuracy_percent=way.accuracy_percent,
        top5_percent=way.top5_percent,
        quality=replace(usual(plan.network.task), data_set=plan.data_set),
        runtime=runtime,
        precision=precision,
        board="" if is_baseline else plan.board,
        images=images,
        loss_points=way.loss_points,
    )


def _notes(plan: EvaluationPlan, run: EvaluationRun, ways: Sequence[Evaluated]) -> list[str]:
    """What a reader must know of the figures."""
    notes = []
    first = ways[0].accuracy_percent
    if plan.finds_boxes:
        notes += _notes_of_boxes(plan, run, first)
    elif first is not None and run.outputs:
        chance = 1 / run.outputs
        if first.value / 100 - chance < LEAST_ABOVE_CHANCE * (1 - chance):
            notes.append(
                f"{first.value:.3g} % is near chance ({100 * chance:.3g} %): are the images made ready as "
                f"the network was trained ({plan.preprocessing}), and are the classes in its order?"
            )
    if plan.preprocessing.origin == ASSUMED:
        notes.append(
            f"how images are made ready is assumed: {plan.preprocessing}; --crop, --mean and --std say it"
        )
    if plan.calibration is not None:
        on = {each.content for each in plan.images.images}
        shared = sum(each.content in on for each in plan.calibration.images)
        if shared:
            notes.append(
                f"{shared} of the {len(plan.calibration.images)} calibrating images are among those "
                "evaluated on, which flatters int8"
            )
    return notes


def _notes_of_boxes(plan: EvaluationPlan, run: EvaluationRun, first: Estimate | None) -> list[str]:
    """What a reader must know of a detector's figures."""
    if first is None:
        return []
    notes = []
    if first.value < LEAST_OF_BOXES:
        notes.append(
            f"{first.value:.3g} % is next to nothing: are the images made ready as the network was trained "
            f"({plan.preprocessing}), is {run.decoder} its output's layout (--decoder), and are its classes "
            f"the categories by {_mapping(plan.images, run)} (--classes)?"
        )
    if first.low is None:
        notes.append(
            f"of fewer than {LEAST_IMAGES} images nothing says how sure it is: the interval is unknown"
        )
    boxes, images = 0, plan.images
    if isinstance(images, AnnotatedImages):
        boxes = len(images.boxes) // len({each.category for each in images.boxes})
    if first.low is not None and boxes < LEAST_BOXES:
        notes.append(
            f"{boxes} boxes a category: of fewer than {LEAST_BOXES} mAP is too high rather than too low, and "
            "its interval holds less often than 9 times in 10"
        )
    return notes
