"""What measuring is asked for, read before any board is asked for anything."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.architectures.names import board_fault, is_onnx
from advisor.arguments import AnyPath, checked
from advisor.catalog.files import layers_with, target_folder
from advisor.catalog.precision import read_precision
from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError, shown
from advisor.measuring.board_run import reference_cells
from advisor.measuring.host import device_called
from advisor.measuring.image_data import calibrating_images
from advisor.measuring.journal import read_runs
from advisor.measuring.measurable import Networks, measurable
from advisor.measuring.run_plan import FULL, QUICK, RunPlan
from advisor.measuring.runtimes.runtime import need
from advisor.measuring.runtimes.variants import PRECISIONS, names_in, requested_variants
from advisor.measuring.tasks import REFERENCE, Variant
from advisor.quantities import DURATION, POWER, parse, read_batches

CPU_BATCHES = (1, 2, 4, 8, 16)
GPU_BATCHES = (1, 2, 4, 8, 16, 32, 64)
MOST_THREADS = 1024


@dataclass(frozen=True)
class Request:
    """What is asked of any board, as far as it can be read without one.

    Attributes:
        catalog: the catalog folder in which the board's entry will lie.
        opened: that catalog, over the shipped one.
        networks: what is to be measured.
        run: how; without threads where these are to be the board's own number.
        sustained_s: for how long the board is then heated.
        left_out: what is not measured though it was asked for, and why.
    """

    catalog: Path
    opened: Catalog
    networks: Networks
    run: RunPlan
    sustained_s: float
    left_out: tuple[str, ...]


@checked
def read_request(
    architectures: str | Sequence[str] = (),
    *,
    board: str | None = None,
    batch: str | int | Sequence[int] | None = None,
    device: str = "cpu",
    threads: str | int | Sequence[int] | None = None,
    runtime: str | Sequence[str] | None = None,
    precision: str | Sequence[str] | None = None,
    quick: bool = False,
    sustained: str | None = None,
    power: str | None = None,
    check: bool = True,
    calibrate: AnyPath | None = None,
    again: bool = False,
    catalog: str | os.PathLike[str] | None = None,
    check_board: Callable[[Sequence[Variant], str], None] = lambda variants, device: None,  # noqa: ARG005
) -> Request:
    """What is asked of a board; no board is, and what can be refused without one is.

    Args:
        architectures: a network's name, or several; the user's own as "net.onnx", "net.pt2" or
            "module:factory@size", after "NAME=" to call it so. None for the paper's 14.
        board: what to call the board, where that is known already.
        batch: batch sizes, as in "1,4"; `None` for 1 to 16 on a CPU, 1 to 64 on an accelerator. Larger ones
            are left out once one does not fit.
        device: "cpu", or as in "cuda:0".
        threads: numbers of threads of the processor, as in "1,2,4", of which each is measured; every runtime
            is given the same. `None` for as many as PyTorch takes, which minds OMP_NUM_THREADS and the cores
            that this process may use.
        runtime: names, one by one or with commas between them; `None` for eager, or onnxruntime where all
            networks are files of the ONNX format.
        precision: number formats, likewise; `None` for that of each file of the ONNX format, and for fp32.
        quick: within 6 % instead of 3 %, in far less time.
        sustained: for how long to heat the board, as in "10m", and then to measure it hot, as a board of
            its own; `None` for not at all.
        power: net power, as in "5W", which the rows then carry as declared; `None` for what a meter finds.
        check: whether to hold runtimes' answers against the reference's; a network without trained weights
            may answer nothing that could be compared.
        calibrate: a folder of images by which int8 ranges are set, 128 of them by a fixed seed; `None` for
            random ones, which are as good for the speed.
        again: of the board's own networks a handful, as its last run measured them; `board` names it, and
            nothing else is to be said.
        catalog: the catalog folder to write into; else that of `ADVISOR_CATALOG`, else the platform's.
        check_board: sees that the board can run such variants on the device, before anything is counted.

    Raises:
        AdvisorError: something is unknown, or cannot be read; or see `check_board`.
    """
    folder = target_folder(catalog)
    if board is not None:
        check_board_name(board)
    if again:
        if board is None:
            raise AdvisorError("--again needs the board", "name it: --board NAME")
        once = reference_cells(read_runs(folder / "boards" / board / "runs"), board)
        architectures, batch, device = once.architectures, once.batch, once.device
        threads, runtime, precision = once.threads, once.runtime, once.precision
        quick = True
    device = device_called(device)
    names = [architectures] if isinstance(architectures, str) else architectures
    runtimes = _runtimes(names, runtime)
    counts, batches = _threads(threads, device), _batches(batch, device)
    power_w = None if power is None else parse(power, POWER, "power")
    sustained_s = 0.0 if sustained is None else parse(sustained, DURATION, "sustained")
    calibrating = () if calibrate is None else calibrating_images(Path(calibrate))
    pairs, _ = _variants(runtimes, precision or REFERENCE[1], device, PRECISIONS)
    check_board(pairs, device)
    opened = Catalog(layers_with(folder))
    networks = measurable(opened, names or _the_papers(opened), trained=check)
    filed = [each.precision for each in networks.own.values() if each.is_onnx]
    variants, left_out = _variants(runtimes, precision, device, filed)
    run = RunPlan(
        architectures=networks.names,
        batches=batches,
        device=device,
        threads=counts,
        variants=variants,
        thoroughness=QUICK if quick else FULL,
        declared_power_w=power_w,
        own=networks.own,
        as_filed=precision is None and not {*filed} <= {REFERENCE[1]},
        check=check,
        calibrating=calibrating,
    )
    return Request(folder, opened, networks, run, sustained_s, (*left_out, *run.left_out()))


def check_board_name(name: str) -> None:
    """Refuse what is no name for a board.

    Raises:
        AdvisorError: it is none.
    """
    if fault := board_fault(name):
        raise AdvisorError(f"board: {shown(name)} is not a name for a board", fault)


def _the_papers(catalog: Catalog) -> tuple[str, ...]:
    from advisor.architectures.builders import BUILDERS

    return tuple(map(catalog.identities.written, BUILDERS))


def _runtimes(networks: Sequence[str], runtimes: str | Sequence[str] | None) -> list[str]:
    """What is to run the networks.

    Raises:
        AdvisorError: what files of the ONNX format need is not installed.
    """
    from_onnx = [each for each in networks if is_onnx(each)]
    if from_onnx:  # whose answers are held against those of ONNX Runtime
        need("measuring ONNX files", ("onnx", "onnxruntime"))
    default = "onnxruntime" if networks and from_onnx == list(networks) else "eager"
    return names_in(runtimes or default)


def _variants(
    runtimes: Sequence[str],
    precisions: str | Sequence[str] | None,
    device: str,
    filed: Sequence[str],
) -> tuple[tuple[Variant, ...], tuple[str, ...]]:
    """What is to run the networks, and in words what was left out of that.

    Args:
        runtimes: their names.
        precisions: number formats; `None` for those of the files, and for fp32.
        device: what to run on.
        filed: the number formats of files of the ONNX format.

    Raises:
        AdvisorError: there is no such thing.
    """
    wanted = (
        [REFERENCE[1], *filed]
        if precisions is None
        else list(map(read_precision, names_in(precisions)))
    )
    pairs, left_out = requested_variants(runtimes, wanted, device, filed)
    return pairs, left_out if precisions else ()


def _batches(batch: str | int | Sequence[int] | None, device: str) -> tuple[int, ...]:
    read = None if batch is None else read_batches(batch)
    return tuple(sorted(read)) if read else CPU_BATCHES if device == "cpu" else GPU_BATCHES


def _threads(threads: str | int | Sequence[int] | None, device: str) -> tuple[int, ...]:
    """The numbers of threads that are asked for, ascending; none for the machine's own.

    Raises:
        AdvisorError: something is no number of threads, or the device has none.
    """
    if threads is None:
        return ()
    words = threads.split(",") if isinstance(threads, str) else threads
    counts = [str(each).strip() for each in ([words] if isinstance(words, int) else words)]
    for each in counts:
        if not (each.isascii() and each.isdecimal() and 1 <= int(each) <= MOST_THREADS):
            raise AdvisorError(
                f"threads: {shown(each)} is not a count of threads",
                f"give 1 to {MOST_THREADS}, several as in 1,2,4; PyTorch's own choice without --threads",
            )
    if device != "cpu":
        raise AdvisorError("threads are those of a processor", "leave out --threads, or --device")
    return tuple(sorted({*map(int, counts)}))
