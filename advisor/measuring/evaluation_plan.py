"""What an evaluation will run: the network with its weights, the images, and in which ways."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

from advisor.architectures.design import FLOATS
from advisor.architectures.libraries import is_installed
from advisor.architectures.names import is_own_file
from advisor.arguments import AnyPath
from advisor.catalog.files import layers_with, target_folder
from advisor.catalog.naming import Measurable
from advisor.catalog.precision import read_precision
from advisor.catalog.records import Architecture
from advisor.catalog.store import Catalog
from advisor.digests import digest_of
from advisor.errors import AdvisorError, reason_of, shown
from advisor.measuring.annotated_images import read_annotated_images
from advisor.measuring.box_decoders import named_decoder
from advisor.measuring.campaign import ReportProgress
from advisor.measuring.host import Host, check_can_measure, device_called, device_named
from advisor.measuring.image_data import ImageSet, calibrating_images, read_image_set
from advisor.measuring.mean_precision import check_pycocotools
from advisor.measuring.measurable import measurable
from advisor.measuring.preprocessing import (
    Preprocessing,
    assumed_for,
    assumed_for_boxes,
    stated,
    stated_for_boxes,
)
from advisor.measuring.run_plan import QUICK, RunPlan
from advisor.measuring.runtimes.variants import (
    LIBRARIES,
    check_installed,
    names_in,
    requested_variants,
)
from advisor.measuring.tasks import REFERENCE, SERVE_ONNX, Calibration, Cell, Task
from advisor.quality import CLASSIFICATION, DETECTION, name_of_own, read_task

FOLDER = "evaluations"
"""The folder of a catalog in which the answers are kept."""

TRAINED = "trained"
"""What the weights are called that a network of the user's own brings."""

USUAL_BATCH = 32


@dataclass(frozen=True)
class TrainedWeights:
    """The weights of a network.

    Attributes:
        name: what the set is called.
        file: the file of a state dict; "" where the network brings them.
        content: a digest of that file; "" for none.
        preprocessing: how their publisher makes images ready; `None` where nobody says.
    """

    name: str
    file: str = ""
    content: str = ""
    preprocessing: Preprocessing | None = None


@dataclass(frozen=True)
class EvaluationPlan:
    """All that decides what an evaluation finds.

    Attributes:
        catalog: the catalog folder that is written into.
        data: where the images were found.
        data_set: what they are called.
        network: the network.
        weights: its weights.
        images: what it is evaluated on.
        preprocessing: how images become what the network takes.
        run: in which ways it is run.
        baseline: the cell in fp32 that the others are held against; `None` where none can be.
        calibration: the images by which int8 ranges are set.
        known: the architectures by name.
        left_out: what is not evaluated though it was asked for, and why.
        notes: what is to be said of the network.
        decoder: what a detector's output is decoded by; "" for what its shapes show.
        board: the board elsewhere on which it is run; "" for this machine.
        libraries: by which versions; of a board elsewhere its own.
    """

    catalog: Path
    data: Path
    data_set: str
    network: Architecture
    weights: TrainedWeights
    images: ImageSet
    preprocessing: Preprocessing
    run: RunPlan
    baseline: Cell | None
    calibration: Calibration | None
    known: Mapping[str, Architecture]
    left_out: tuple[str, ...]
    notes: tuple[str, ...]
    decoder: str = ""
    board: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where this network's evaluations lie, and what was quantised for them."""
        name = f"{self.network.name}-{self.weights.name}"
        return self.catalog / FOLDER / re.sub(r"[^A-Za-z0-9._+-]+", "-", name)

    @property
    def journals(self) -> Path:
        """Where the answers lie, of each board elsewhere apart."""
        return self.folder / "boards" / self.board if self.board else self.folder

    def on(self, board: str, host: Host) -> EvaluationPlan:
        """The same on a board elsewhere, whose own libraries decide what is found."""
        own = {"torch": host.details.get("torch", ""), **host.runtimes}
        return replace(self, board=board, libraries=own)

    @property
    def finds_boxes(self) -> bool:
        """Whether the network is a detector."""
        return self.network.task == DETECTION

    @property
    def cells(self) -> list[Cell]:
        """Every way in which it is run, what the others are held against first."""
        found = self.run.cells()
        first = [] if self.baseline is None else [self.baseline]
        return [*first, *(each for each in found if each != self.baseline)]

    def task(self, cell: Cell) -> Task:
        """How to run a cell."""
        task = replace(
            self.run.task(cell, self.known),
            check=False,
            trained=True,
            weights=self.weights.file,
            weights_content=self.weights.content,
        )
        return replace(task, calibration=self.calibration) if task.to_quantise else task

    def key(self, cell: Cell) -> str:
        """What the answers of a cell depend on beside the plan, in a journal's words."""
        by = self.task(cell).calibration
        return " ".join([*cell.variant, *([by.content] if by else [])])

    def as_record(self) -> dict[str, object]:
        """What all cells' answers depend on, as plain values; equal plans go on from one another."""
        own = self.run.own.get(self.network.name)
        detector = {"task": DETECTION, "decoder": self.decoder} if self.finds_boxes else {}
        elsewhere = {"board": self.board} if self.board else {}
        return {
            **detector,
            **elsewhere,
            "network": self.network.name,
            "content": own.content if own else "",
            "weights": [self.weights.name, self.weights.content],
            "images": [len(self.images.images), self.images.content],
            "preprocessing": str(self.preprocessing).rpartition(" (")[0],
            "batch": self.run.batches[0],
            "device": self.run.device,
            "threads": list(self.run.threads),
            "libraries": [f"{name} {each}" for name, each in self.libraries.items()],
        }


def plan_evaluation(
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
    catalog: AnyPath | None = None,
    elsewhere: bool = False,
    on_progress: ReportProgress = lambda what, remaining_s: None,  # noqa: ARG005
) -> EvaluationPlan:
    """What `evaluate` would run; no board elsewhere is asked for anything, and nothing is written.

    Args:
        network: as `evaluate` takes it; so are the others up to `catalog`.
        data: the images.
        runtime: what runs it.
        precision: number formats.
        images: how many to choose.
        crop: how much of an image is kept.
        mean: what is taken off each channel.
        std: what is divided by then.
        interpolation: how sizes are changed.
        weights: the file of its weights.
        download: whether a library may fetch its own, or which.
        calibrate: a folder of images.
        batch: images per forward pass.
        device: what to run on.
        data_set: what the images are called.
        task: what the network is for.
        decoder: what a detector's output is decoded by.
        classes: how a detector's classes become categories.
        skip_bad: whether images that cannot be read are left out.
        catalog: the user's catalog.
        elsewhere: whether it is to be run on boards elsewhere, rather than on this machine.
        on_progress: hears how far the images are read.

    Raises:
        AdvisorError: something is unknown, cannot be read, or cannot be run here.
    """
    place = Path(data)
    if not place.exists():
        raise AdvisorError(f"{place}: there is no such folder or file", "give one by --data")
    if images is not None and images < 1:
        raise AdvisorError(f"images: {images} is no number of images", "give 1 or more")
    task, read, prepare = _by_task(task, decoder, classes)
    check_can_measure()
    device = device_called(device) if elsewhere else device_named(device)
    if batch < 1:
        raise AdvisorError(f"batch: {batch} is no number of images", "give 1 or more")
    folder = target_folder(catalog)
    opened = Catalog(layers_with(folder))
    networks = measurable(opened, [network])
    (named,) = networks.named
    own = networks.own.get(named.name)
    named = _for_task(named, own, task)
    run, left_out = _run(named, own, runtime, precision, device, batch)
    found = _weights(named, own, None if weights is None else str(weights), download=download)
    form = own.image if own else FLOATS
    if task == DETECTION:
        assumed = assumed_for_boxes(named.input_shape, form)
    else:
        assumed = found.preprocessing or assumed_for(named.input_shape, form)
    preprocessing = prepare(assumed, crop, mean, std, interpolation)
    calibration = None
    if calibrate is not None:
        calibration = Calibration(calibrating_images(Path(calibrate)), preprocessing)
    libraries = [each for each in ("torch", "onnx", *LIBRARIES) if is_installed(each)]
    plan = EvaluationPlan(
        catalog=folder,
        data=place,
        data_set="",
        network=named,
        weights=found,
        images=ImageSet(Path(), (), (), 0),
        preprocessing=preprocessing,
        run=run,
        baseline=_baseline(run),
        calibration=calibration,
        known={**opened.architectures, named.name: named},
        left_out=left_out,
        notes=networks.notes,
        decoder=decoder or "",
        libraries={each: version(each) for each in libraries},
    )
    if calibration is None and any(plan.task(each).to_quantise for each in plan.cells):
        raise AdvisorError(
            "int8 needs images by which its ranges are set",
            "give a folder of some: --calibrate DIR",
        )
    if not elsewhere:
        check_installed(run.variants, device)
    image_set = read(place, images, skip_bad=skip_bad, on_progress=on_progress)
    called = name_of_own(data_set or image_set.name, len(image_set.images))
    return replace(plan, images=image_set, data_set=called)


ReadImages = Callable[..., ImageSet]
Prepare = Callable[..., Preprocessing]


def _by_task(
    task: str, decoder: str | None, classes: str | Sequence[str] | None
) -> tuple[str, ReadImages, Prepare]:
    """What reads the images of a task, and what makes of its assumed preprocessing what is stated.

    Raises:
        AdvisorError: the task is none that is evaluated, or something lacks for it.
    """
    known = read_task(task)
    if known == CLASSIFICATION and decoder is classes is None:
        return known, read_image_set, stated
    if known == CLASSIFICATION:
        raise AdvisorError("a decoder and classes are for --task detection", "add it")
    if known != DETECTION:
        raise AdvisorError(
            f"task: {shown(task)} is not evaluated", f"known: {CLASSIFICATION}, {DETECTION}"
        )
    check_pycocotools()
    if decoder:
        named_decoder(decoder)
    return known, partial(read_annotated_images, classes=classes), stated_for_boxes


def _for_task(network: Architecture, own: Measurable | None, task: str) -> Architecture:
    """The network, which is for a task; of the user's own nobody else says for which.

    Raises:
        AdvisorError: it is a library's, and for another.
    """
    if own is None and network.task != task:
        raise AdvisorError(
            f"{network.name} is for {network.task}, not for {task}",
            "give a detector of your own: net.onnx, net.pt2 or MODULE:FACTORY@SIZE",
        )
    return replace(network, task=task)


def _run(
    network: Architecture,
    own: Measurable | None,
    runtime: str | Sequence[str] | None,
    precision: str | Sequence[str] | None,
    device: str,
    batch: int,
) -> tuple[RunPlan, tuple[str, ...]]:
    """In which ways it is run, and what is left out."""
    from_onnx = own is not None and own.is_onnx
    filed = [own.precision] if own is not None and own.is_onnx else []
    runtimes = names_in(runtime or (SERVE_ONNX[0] if from_onnx else REFERENCE[0]))
    wanted = [REFERENCE[1], *filed]
    if precision is not None:
        wanted = list(map(read_precision, names_in(precision)))
    variants, left_out = requested_variants(runtimes, wanted, device, filed)
    run = RunPlan(
        architectures=(network.name,),
        batches=(batch if own is None or own.any_batch else 1,),
        device=device,
        threads=(0,),
        variants=variants,
        thoroughness=QUICK,
        declared_power_w=None,
        own={} if own is None else {network.name: own},
        as_filed=precision is None and filed not in ([], [REFERENCE[1]]),
        check=False,
    )
    return run, (*(left_out if precision else ()), *run.left_out())


def _baseline(run: RunPlan) -> Cell | None:
    """The first cell in fp32; where none was asked for, one more, unless the network has no fp32."""
    cells = run.cells()
    for each in cells:
        if each.precision == REFERENCE[1]:
            return each
    added = replace(cells[0], precision=REFERENCE[1])
    return None if run.fault(added) else added


def _weights(
    network: Architecture, own: Measurable | None, file: str | None, *, download: bool | str
) -> TrainedWeights:
    """The network's trained weights.

    Raises:
        AdvisorError: it has none, or they cannot be read.
    """
    if own is not None and is_own_file(own.made_from) and (file or download):
        raise AdvisorError(f"{own.made_from} has its weights in it", "leave out --weights")
    if file and download:
        raise AdvisorError("--weights and --download exclude each other", "give one of them")
    if own is not None and not file:
        if download:
            raise AdvisorError(f"no library has {network.name}", "leave out --download")
        return TrainedWeights(TRAINED)
    if file:
        return _from_file(network, Path(file))
    if not download:
        raise AdvisorError(
            f"{network.name} has no weights here, and random ones are right by chance",
            "give them: --weights FILE; or let its library fetch its own: --download",
        )
    from advisor.architectures.published_weights import downloaded

    path, published = downloaded(network.name, download if isinstance(download, str) else "")
    return replace(_from_file(network, path), name=published.name)


def _from_file(network: Architecture, path: Path) -> TrainedWeights:
    """Weights in a file, which is known by its name where a library publishes it under that."""
    from advisor.architectures.published_weights import published_set

    try:
        content = digest_of([path])
    except OSError as error:
        raise AdvisorError(f"{path}: {reason_of(error)}", "give the file of a state dict") from None
    name = re.sub(r"[^A-Za-z0-9._+-]+", "-", path.stem).lstrip("._+-")[:60] or TRAINED
    found = published_set(network.name, path.name)
    if found is None:
        return TrainedWeights(name, str(path.resolve()), content)
    published, sure = found
    channels, height, width = network.input_shape
    resize = round(published.resize * max(height, width) / published.crop)
    whose = f"of {network.name}'s {published.name}"
    how = Preprocessing(
        height,
        width,
        channels,
        resize,
        published.mean,
        published.std,
        published.interpolation,
        whose,
    )
    return TrainedWeights(published.name if sure else name, str(path.resolve()), content, how)
