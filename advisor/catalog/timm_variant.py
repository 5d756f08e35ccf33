"""What the name of one of timm's tables tells of how its networks ran."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from advisor.catalog.text_file import NAME, NAME_EXPECTED
from advisor.errors import AdvisorError, shown

PRECISIONS = {
    "amp": "fp16",
    "fp16": "fp16",
    "float16": "fp16",
    "bf16": "bf16",
    "bfloat16": "bf16",
    "amp_bfloat16": "bf16",
    "fp32": "fp32",
    "float32": "fp32",
}
"""What the parts of a table's name say of the precision; `amp` is fp16 but for what needs more."""


@dataclass(frozen=True)
class Variant:
    """How a table's networks ran.

    Attributes:
        runtime: "eager", "dynamo", or what the user states.
        precision: of the catalog's words; "unknown" where neither the file's name nor the user tells.
    """

    runtime: str
    precision: str


def variant_of(file: Path, runtime: str | None, precision: str | None) -> Variant:
    """How the networks of a table ran, by its name, as in benchmark-infer-fp32-nchw-pt240-cpu-x-dynamo.csv.

    Args:
        file: the table.
        runtime: what the user states, where the name does not tell.
        precision: likewise.

    Raises:
        AdvisorError: the name tells otherwise, or what is stated is no name.
    """
    parts = file.stem.lower().split("-")
    told = {
        "runtime": "dynamo" if "dynamo" in parts else None,
        "precision": next((PRECISIONS[part] for part in parts if part in PRECISIONS), None),
    }
    for what, stated in (("runtime", runtime), ("precision", precision)):
        if stated is None:
            continue
        if not NAME.fullmatch(stated):
            raise AdvisorError(f"{what}: {shown(stated)} is not a name", f"give {NAME_EXPECTED}")
        if told[what] not in (None, stated):
            raise AdvisorError(
                f"{what}: {shown(stated)} is stated, but the name {file.name} tells {told[what]}",
                f"leave out --{what}",
            )
    return Variant(
        told["runtime"] or runtime or "eager", told["precision"] or precision or "unknown"
    )
