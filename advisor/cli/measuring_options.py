"""What `advisor measure` was asked for, read and checked before anything runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.catalog.own_networks import Measurable
    from advisor.measuring.host import Host
    from advisor.measuring.run_plan import RunPlan
    from advisor.measuring.tasks import Variant

CPU_BATCHES = (1, 2, 4, 8, 16)
GPU_BATCHES = (1, 2, 4, 8, 16, 32, 64)


def variants(
    runtimes: list[str] | None, precisions: list[str] | None, device: str, networks: list[str]
) -> tuple[Sequence[Variant], Sequence[str]]:
    """What is to run the networks, and in words what was left out of that.

    Args:
        runtimes: names, one by one or with commas between them; `None` for what suits the networks.
        precisions: number formats, likewise; `None` for fp32.
        device: "cpu", or as in "cuda:0".
        networks: as they were typed.

    Raises:
        AdvisorError: there is no such thing, or what it needs is not installed.
    """
    from advisor.measuring.runtimes.runtime import need
    from advisor.measuring.runtimes.variants import asked_variants, check_installed

    from_onnx = [each for each in networks if each.endswith(".onnx")]
    default = "onnxruntime" if networks and from_onnx == networks else "eager"
    pairs, left_out = asked_variants(_names(runtimes, default), _names(precisions, "fp32"), device)
    check_installed(pairs, device)
    if from_onnx:  # whose answers are held against those of ONNX Runtime
        need("measuring ONNX files", ("onnx", "onnxruntime"))
    return pairs, left_out


def without_energy(power: str | None) -> list[str]:
    """What to install for energy, where that is missing and the power is not stated."""
    from advisor.architectures.libraries import is_installed

    if power is not None or is_installed("zeus"):
        return []
    return ["energy (zeus is not installed: pip install 'dnn-advisor[energy]')"]


def _names(given: list[str] | None, default: str) -> list[str]:
    """Names given one by one, or several with commas between them."""
    return [name.strip() for text in given or [default] for name in text.split(",")]


def plan(
    architectures: list[str],
    own: dict[str, Measurable],
    batch: str | None,
    device: str,
    threads: int,
    variants: Sequence[Variant],
    power: str | None,
    *,
    quick: bool,
) -> RunPlan:
    """What the run will measure.

    Args:
        architectures: names; none for the paper's 14.
        own: those of them that are the user's own.
        batch: batch sizes as they were typed; `None` for the device's usual ones.
        device: "cpu", or as in "cuda:0".
        threads: threads on a CPU; 0 for the runtime's own choice.
        variants: what is to run them.
        power: net power as it was typed.
        quick: whether rough figures will do.

    Raises:
        AdvisorError: something cannot be read.
    """
    from advisor.architectures.builders import BUILDERS
    from advisor.measuring.run_plan import FULL, QUICK, RunPlan
    from advisor.quantities import POWER, parse, read_batches

    if threads < 0 or threads > 1024:
        raise AdvisorError(f"threads: {threads} is not a count of threads", "give 0 to 1024")
    batches = read_batches(batch) if batch is not None else None
    default = CPU_BATCHES if device == "cpu" else GPU_BATCHES
    return RunPlan(
        architectures=tuple(dict.fromkeys(architectures)) or tuple(BUILDERS),
        batches=tuple(sorted(batches)) if batches else default,
        device=device,
        threads=threads,
        variants=variants,
        thoroughness=QUICK if quick else FULL,
        declared_power_w=None if power is None else parse(power, POWER, "power"),
        own=own,
    )


def board_name(asked: str | None, host: Host) -> str:
    """What to call the board: as asked for, or after its processor.

    Raises:
        AdvisorError: what was asked for is no name.
    """
    from advisor.catalog.text_file import NAME, NAME_EXPECTED
    from advisor.errors import shown

    if asked is None:
        what = host.accelerator or f"{host.processor} {host.details['threads']} threads"
        return re.sub(r"[^a-z0-9]+", "-", what.lower()).strip("-")[:60]
    if not NAME.fullmatch(asked):
        raise AdvisorError(f"board: {shown(asked)} is no name for a board", NAME_EXPECTED)
    return asked
