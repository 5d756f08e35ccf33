"""Everything that writes into a catalog, as functions of its folder; each does the same every time."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from unittest.mock import patch

import advisor
from advisor.catalog.store import Catalog
from advisor.prediction.board_model import BoardFit
from advisor.prediction.fit_store import write_fit
from tests.crashes import Write
from tests.measuring_fakes import FakeChildren, measure

GOES_ON = "a measured board"
"""The writer that goes on where it was killed."""
TABLE = "architecture,runtime,precision,batch,latency_ms\n{}"
NETWORKS = (
    "alexnet",
    "resnet-18",
    "resnet-34",
    "resnet-50",
    "vgg-16",
    "inception-v3",
    "enet",
    "bn-nin",
)


def table(folder: Path, factor: float = 1.0) -> Path:
    path = folder / f"took-{factor}.csv"
    rows = [f"{name},eager,fp32,1,{factor * (10 + 3 * n)}\n" for n, name in enumerate(NETWORKS)]
    path.write_text(TABLE.format("".join(rows)))
    return path


def writers(inputs: Path) -> dict[str, tuple[Write | None, Write]]:
    """By what they do: what comes before, and the writer.

    Args:
        inputs: a folder for the files that they read.
    """
    first, second = table(inputs), table(inputs, 2.0)
    timm = inputs / "benchmark-infer-amp-nhwc-pt210-cu121-rtx3090.csv"
    timm.write_text(
        "model,infer_img_size,infer_batch_size,infer_samples_per_sec,infer_step_time,infer_gmacs,"
        "infer_macts,param_count\nresnet18,224,256,5000.0,51.2,1.82,2.48,11.69\n"
        "some_net,160,256,4000.0,64.0,0.9,3.1,7.5\n"
    )

    def import_first(catalog: Path) -> object:
        return advisor.import_table("csv", first, board="lab", catalog=catalog)

    def import_second(catalog: Path) -> object:
        return advisor.import_table("csv", second, board="lab", catalog=catalog)

    def import_timm(catalog: Path) -> object:
        return advisor.import_table("timm", timm, board="gpu", catalog=catalog)

    fitted: list[BoardFit] = []

    def fit(catalog: Path) -> object:
        board = Catalog.open(catalog).board("lab")
        return write_fit(board, fitted[0])

    def import_and_fit(catalog: Path) -> object:
        import_first(catalog)
        fitted.append(advisor.fit("lab", catalog=catalog).fit)
        (catalog / "boards/lab/fit.json").write_text("of another time")
        return fitted

    def measured(catalog: Path) -> object:
        with patch("advisor.measuring.board_run.random.SystemRandom") as seeds:
            seeds.return_value.randrange.return_value = 7
            return measure(catalog / "boards" / "mine", FakeChildren(), now=_noon)

    return {
        "a new board": (None, import_first),
        "a board once more": (import_first, import_second),
        "a table with networks": (import_first, import_timm),
        "a fit": (import_and_fit, fit),
        GOES_ON: (import_first, measured),
    }


def _noon() -> datetime:
    return datetime(2026, 11, 30, 12, tzinfo=timezone.utc)
