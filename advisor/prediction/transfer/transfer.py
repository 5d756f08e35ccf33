"""What a board's fit says of networks that it has not run, from the boards that have."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from advisor.catalog.layers import shipped_folder
from advisor.catalog.records import Measurements
from advisor.prediction.transfer.held_out import HeldOutErrors

SOURCE = "advisor-transfer"


@dataclass(frozen=True)
class Transfer:
    """Predictions by transfer, and what they rest on.

    Attributes:
        references: by reference board what its rows were, as `digest_of` tells it.
        errors: by (runtime, precision), then by metric, how far it was off networks held out.
        rows: the predictions, as rows of the board that nobody measured.
    """

    references: Mapping[str, str]
    errors: Mapping[tuple[str, str], Mapping[str, HeldOutErrors]]
    rows: Measurements


def digest_of(boards: Path, name: str) -> str:
    """What changes whenever a board's rows or its description do; "" where there is no such board.

    Args:
        boards: the folder of the boards beside which it is sought; else it is the shipped one.
        name: the board.
    """
    for folder in (boards / name, shipped_folder() / "boards" / name):
        files = (folder / "board.yaml", folder / "measurements.csv")
        if all(each.is_file() for each in files):
            digest = hashlib.sha256()
            for each in files:
                digest.update(each.read_bytes())
            return digest.hexdigest()[:16]
    return ""
