"""`advisor evaluate`: how well a network does on images of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from advisor.cli.fleet import end_fleet
from advisor.cli.options import (
    CalibrateOption,
    CatalogOption,
    DeviceOption,
    InsecureOption,
    JsonOption,
    RuntimesOption,
    TlsCaOption,
    TlsCertOption,
    TlsKeyOption,
    TrustOption,
)
from advisor.cli.output import complain, emit, emit_table, warn
from advisor.cli.progress import PROGRESS
from advisor.errors import AdvisorError
from advisor.quality import CLASSIFICATION

if TYPE_CHECKING:
    from advisor.measuring.evaluation import Evaluation
    from advisor.measuring.fleet_evaluation import EvaluatedFleet

Network = Annotated[
    str,
    typer.Argument(
        metavar="[NAME=]NETWORK",
        help="net.onnx, net.pt2, MODULE:FACTORY[@SIZE], or a network of torchvision's or timm's by name.",
    ),
]
Data = Annotated[
    Path,
    typer.Option(
        metavar="DIR|FILE",
        help="A folder with a folder of images for each class, in the order of their names; or a CSV file of "
        "path and label. Of detectors: annotations as COCO's, .json, or the folder that has them.",
    ),
]
Precisions = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME,...",
        help="Number formats: fp32, bf16, fp16, int8. All are held against fp32.",
        show_default="fp32; that of an ONNX file",
    ),
]
Images = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="So many of the images, by a fixed seed.")
]
Crop = Annotated[
    str | None,
    typer.Option(
        metavar="SHARE|squash|letterbox",
        help="The share of an image's shorter side that is kept, 0.875 being 224 of 256 pixels; squash "
        "brings the whole image to the network's size.",
        show_default="as the weights' publisher says, else 0.875; detection: letterbox",
    ),
]
Mean = Annotated[
    str | None,
    typer.Option(
        metavar="R,G,B", help="What is taken off each channel, whose values go from 0 to 1."
    ),
]
Std = Annotated[str | None, typer.Option(metavar="R,G,B", help="What is divided by then.")]
Interpolation = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="How sizes are changed: bilinear, bicubic, nearest, lanczos."
    ),
]
WeightsFile = Annotated[
    Path | None,
    typer.Option("--weights", metavar="FILE", help="A state dict, which is read as data."),
]
Download = Annotated[
    bool, typer.Option("--download", help="Let torchvision or timm fetch its own weights.")
]
Batch = Annotated[int, typer.Option(min=1, metavar="N", help="Images per forward pass.")]
DataSet = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="What the images are called; a published set's name only of that whole set.",
        show_default="a name made of their content",
    ),
]
For = Annotated[
    str, typer.Option(metavar="NAME", help="What the network is for: classification, detection.")
]
Decoder = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="How a detector's output is to be read: torchvision, yolo-end-to-end, yolo-v8, yolo-v5.",
        show_default="what its shapes show",
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(
        metavar="order|ids|NAME,...|FILE",
        help="How a detector's classes become the annotations' categories: by the order of their ids, as "
        "these ids, or by names.",
        show_default="order; ids of torchvision's",
    ),
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out images that cannot be read, and count them.")
]
Fresh = Annotated[
    bool,
    typer.Option("--fresh/--resume", help="Begin anew, or go on with what is known already."),
]


def command(
    network: Network,
    data: Data,
    runtime: RuntimesOption = None,
    precision: Precisions = None,
    images: Images = None,
    crop: Crop = None,
    mean: Mean = None,
    std: Std = None,
    interpolation: Interpolation = None,
    weights: WeightsFile = None,
    download: Download = False,
    calibrate: CalibrateOption = None,
    batch: Batch = 32,
    device: DeviceOption = "cpu",
    data_set: DataSet = None,
    task: For = CLASSIFICATION,
    decoder: Decoder = None,
    classes: Classes = None,
    skip_bad: SkipBad = False,
    fresh: Fresh = False,
    as_json: JsonOption = False,
    on: Annotated[
        str | None,
        typer.Option(
            "--on",
            metavar="tcp://HOST:8786",
            help="Run it on boards elsewhere, by their Dask scheduler; it is prepared here.",
            show_default="this machine",
        ),
    ] = None,
    board: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help="With --on: on which boards, or units as NAME/UNIT.",
            show_default="all",
        ),
    ] = None,
    tls_ca_file: TlsCaOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    insecure: InsecureOption = False,
    trust: TrustOption = False,
    catalog: CatalogOption = None,
) -> None:
    """How well a network does on your images, in each runtime and precision; `pick` uses it at once.

    Of classifiers top-1 and top-5, of detectors (--task detection) mAP50-95.

    Every answer is kept as soon as it is known: after an interruption, the same command goes on.
    """
    from advisor.measuring.access import Access

    access = Access.given(on, tls_ca_file, tls_cert, tls_key, insecure)
    if on is None and board is not None:
        raise AdvisorError(
            "--board goes with --on", "it says which of the boards elsewhere run the network"
        )
    asked: dict[str, Any] = {
        "runtime": runtime,
        "precision": precision,
        "images": images,
        "crop": crop,
        "mean": mean,
        "std": std,
        "interpolation": interpolation,
        "weights": weights,
        "download": download,
        "calibrate": calibrate,
        "batch": batch,
        "device": device,
        "data_set": data_set,
        "task": task,
        "decoder": decoder,
        "classes": classes,
        "skip_bad": skip_bad,
        "fresh": fresh,
        "trust": trust,
        "catalog": catalog,
    }
    with PROGRESS.said() as say:
        if on is None:
            from advisor.measuring.evaluation import evaluate

            found = evaluate(network, data, on_progress=say, **asked)
        else:
            from advisor.measuring.fleet_evaluation import evaluate_on

            ends = evaluate_on(
                on,
                network,
                data,
                boards=board or "all",
                access=access,
                on_progress=say,
                **asked,
            )
    if on is None:
        _emit(found, catalog, as_json=as_json)
    else:
        _emit_fleet(ends, catalog, as_json=as_json)


def _emit(found: Evaluation, catalog: str | None, *, as_json: bool) -> None:
    from advisor.report.evaluation_text import evaluation_json, evaluation_text, next_command

    warn(found.notes)
    if as_json:
        emit(evaluation_json(found))
    else:
        emit_table(evaluation_text(found))
    if not found.finished:
        complain("stopped; what was found is kept, and the same command goes on")
        raise typer.Exit(130)
    if not as_json:
        emit(next_command(found, catalog))


def _emit_fleet(ends: EvaluatedFleet, catalog: str | None, *, as_json: bool) -> None:
    """What was found on each board; the exit status where one did not come to its end."""
    from advisor.report.evaluation_text import evaluation_text, fleet_evaluation_json, next_command

    if as_json:
        emit(fleet_evaluation_json(ends))
    for each in ends.boards:
        if each.evaluation is not None:
            warn([f"board {each.board}: {note}" for note in each.evaluation.notes])
            if not as_json:
                emit_table(evaluation_text(each.evaluation))
                emit(next_command(each.evaluation, catalog) if not each.fault else "\n")
    end_fleet(ends.boards)
