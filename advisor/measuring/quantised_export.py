"""The quantised network that was evaluated, as a file to ship."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from advisor.arguments import AnyPath, checked
from advisor.catalog.files import target_folder
from advisor.errors import AdvisorError, reason_of, shown
from advisor.folders import WRITING
from advisor.measuring.evaluation_plan import FOLDER


@dataclass(frozen=True)
class Exported:
    """A network that was written.

    Attributes:
        kept: the file that was evaluated.
        files: what was written: the network, and the weights beside it where its format has them apart.
    """

    kept: Path
    files: tuple[Path, ...]


@checked
def export(
    network: str,
    output: AnyPath,
    *,
    runtime: str = "onnxruntime",
    precision: str = "int8",
    catalog: AnyPath | None = None,
) -> Exported:
    """Write the quantised network that `evaluate` measured, byte for byte, so that it can be shipped.

    Args:
        network: its name, as the evaluation has it; with "-WEIGHTS" behind it where several sets were
            evaluated.
        output: the file to write, .onnx for ONNX Runtime, .xml for OpenVINO, whose weights lie beside it.
        runtime: what it was quantised for.
        precision: its number format.
        catalog: the catalog folder that has the evaluation; else that of `ADVISOR_CATALOG`, else the
            platform's.

    Raises:
        AdvisorError: nothing such was evaluated, several sets of weights were, or the file cannot be written.
    """
    evaluations = target_folder(catalog) / FOLDER
    start = re.sub(r"[^A-Za-z0-9._+-]+", "-", network)
    found = {
        each.parent.name: each
        for each in sorted(evaluations.glob(f"*/{escape(f'{runtime}-{precision}')}.*"))
        if each.suffix != ".bin"
    }
    meant = {name: path for name, path in found.items() if name == start}
    meant = meant or {name: path for name, path in found.items() if name.startswith(f"{start}-")}
    if not meant:
        known = ", ".join(found) or "none"
        raise AdvisorError(
            f"{shown(network)} was not evaluated in {runtime} {precision}",
            f"advisor evaluate {network} --runtime {runtime} --precision {precision} --calibrate DIR ...; "
            f"known: {known}",
        )
    if len(meant) > 1:
        raise AdvisorError(f"{shown(network)} is several", f"name one: {', '.join(meant)}")
    (kept,) = meant.values()
    place = Path(output)
    if place.suffix != kept.suffix:
        raise AdvisorError(f"{place}: what {runtime} serves ends in {kept.suffix}", "call it so")
    suffixes = (".bin", ".xml") if kept.suffix == ".xml" else (kept.suffix,)
    written = [place.with_suffix(suffix) for suffix in suffixes]
    try:
        for each, suffix in zip(written, suffixes, strict=True):
            begun = each.with_name(f"{WRITING}{os.getpid()}-{each.name}")
            try:
                shutil.copyfile(kept.with_suffix(suffix), begun)
                begun.replace(each)
            finally:
                begun.unlink(missing_ok=True)
    except OSError as error:
        raise AdvisorError(f"{place} cannot be written: {reason_of(error)}") from None
    return Exported(kept, tuple(reversed(written)))
