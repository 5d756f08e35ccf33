"""Every runtime by its name, and which of their number formats a question asks for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from advisor.errors import AdvisorError, closest, shown
from advisor.measuring.runtimes.onnxruntime import OnnxRuntime
from advisor.measuring.runtimes.openvino import OpenVino
from advisor.measuring.runtimes.pytorch import Compile, Eager
from advisor.measuring.runtimes.runtime import Runtime
from advisor.measuring.tasks import REFERENCE, SERVE_ONNX, Cell, Variant

RUNTIMES: Mapping[str, Runtime] = {
    runtime.name: runtime for runtime in (Eager(), Compile(), OnnxRuntime(), OpenVino())
}
LIBRARIES = tuple(library for runtime in RUNTIMES.values() for library in runtime.libraries)
"""What the runtimes are made of, beside torch."""

PRECISIONS = ("fp32", "bf16", "fp16", "int8")


def names_in(given: str | Sequence[str]) -> list[str]:
    """Names given one by one, or several with commas between them."""
    texts = [given] if isinstance(given, str) else given
    return [name.strip() for text in texts for name in text.split(",")]


def requested_variants(
    runtimes: Sequence[str], precisions: Sequence[str], device: str, filed: Collection[str] = ()
) -> tuple[tuple[Variant, ...], tuple[str, ...]]:
    """The pairs of runtime and precision that can be measured on a device.

    Args:
        runtimes: names; each must have one of the precisions.
        precisions: number formats; each must be had by one of the runtimes.
        device: "cpu", or as in "cuda:0".
        filed: the number formats of the files of the ONNX format that are measured: what serves such a file
            takes it as it is.

    Returns:
        The pairs, in the order of the names; and in words, the pairs that are left out.

    Raises:
        AdvisorError: a name is unknown, or a runtime or a precision is left without a pair.
    """
    for name in runtimes:
        if name not in RUNTIMES:
            raise AdvisorError(f"unknown runtime {shown(name)}", closest(name, RUNTIMES))
    for precision in precisions:
        if precision not in PRECISIONS and precision not in filed:
            known = ", ".join(PRECISIONS)
            raise AdvisorError(
                f"precision {shown(precision)} cannot be measured", f"known: {known}"
            )
    kind = device.partition(":")[0]
    has = {name: _precisions(name, device, filed) for name in dict.fromkeys(runtimes)}
    for name, own in has.items():
        if not own:
            devices = " and ".join(RUNTIMES[name].precisions)
            raise AdvisorError(f"{name} cannot be measured on {kind}", f"it runs on {devices}")
        if not set(own) & set(precisions):
            asked = ", ".join(precisions)
            raise AdvisorError(f"{name} has no {asked} on {kind}", f"it has {', '.join(own)}")
    for precision in precisions:
        if not any(precision in own for own in has.values()):
            raise _without(precision, list(has), device)
    wanted = [(name, each) for name in has for each in dict.fromkeys(precisions)]
    left_out = [
        f"{name} {precision} ({name} has {', '.join(has[name])} on {kind})"
        for name, precision in wanted
        if precision not in has[name]
    ]
    return tuple(each for each in wanted if each[1] in has[each[0]]), tuple(left_out)


def _without(precision: str, runtimes: Sequence[str], device: str) -> AdvisorError:
    """That none of the runtimes has a precision, and which has."""
    kind = device.partition(":")[0]
    able = [each for each in RUNTIMES if precision in own_precisions(each, device)]
    hint = f"ask {' or '.join(able)} for it" if able else f"nothing here has it on {kind}"
    return AdvisorError(f"{' and '.join(runtimes)}: no {precision} on {kind}", hint)


def _precisions(runtime: str, device: str, filed: Collection[str]) -> Sequence[str]:
    """The number formats in which a runtime runs some network, on a device."""
    own = own_precisions(runtime, device)
    return tuple(dict.fromkeys([*own, *filed])) if own and runtime in SERVE_ONNX else own


def own_precisions(runtime: str, device: str) -> Sequence[str]:
    """The number formats in which a runtime runs any network, on a device."""
    return RUNTIMES[runtime].precisions.get(device.partition(":")[0], ())


def check_installed(variants: Sequence[Variant], device: str) -> None:
    """See that all is there that these need, before anything runs.

    Raises:
        AdvisorError: something is not, and how to install it.
    """
    for name, precision in variants:
        RUNTIMES[name].check_installed(precision, device)


def libraries_of(variants: Sequence[Variant]) -> list[str]:
    """What their runtimes are made of, beside torch."""
    return list(dict.fromkeys(each for name, _ in variants for each in RUNTIMES[name].libraries))


def prepared_as(cell: Cell) -> Cell | None:
    """What a cell shares its preparation with: all batch sizes and threads, written as 0, where that can be.

    Returns:
        `None` for the reference, which needs none.
    """
    if cell.variant == REFERENCE:
        return None
    return cell if RUNTIMES[cell.runtime].each_batch else replace(cell, batch=0, threads=0)
