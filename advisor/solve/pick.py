"""The question from Python."""

from __future__ import annotations

import os
from collections.abc import Iterable

from advisor.catalog.store import Catalog
from advisor.errors import AdvisorError
from advisor.solve.gather import gather
from advisor.solve.recommend import recommend
from advisor.solve.recommendation import Recommendation
from advisor.solve.requirements import read_requirements


def pick(
    *,
    board: str | None = None,
    fps: float | str | None = None,
    latency: str | None = None,
    energy: str | None = None,
    power: str | None = None,
    memory: str | None = None,
    accuracy: float | str | None = None,
    params: float | str | None = None,
    ops: float | str | None = None,
    overhead: str | None = None,
    batch: str | int | Iterable[int] = "any",
    weights: str | None = None,
    objective: str = "accuracy",
    top: int | str = 5,
    all_batches: bool = False,
    catalog: str | os.PathLike[str] | None = None,
    candidates: str = "board",
    predictions: bool = True,
    confidence: float | str = 0.9,
) -> Recommendation:
    """Which network to ship on a board.

    Limits are text with a unit ("0.5 J", "400 MB"); bare numbers are for `fps`, `accuracy` in
    percent, `params` and `ops` (also "25M").

    Args:
        board: the board; else that of `ADVISOR_BOARD`, else `jetson-tx1`.
        fps: least throughput, in images per second.
        latency: longest response, "33 ms", of the median or of the tail ("33ms@p99"). With `fps` it
            includes the wait for the batch to fill.
        energy: most energy per image, idle power left out.
        power: most average power, idle included: at `fps`, or else while running flat out.
        memory: most memory.
        accuracy: least ImageNet top-1 accuracy.
        params: most parameters.
        ops: most operations per image, a multiply and an add counted as two.
        overhead: time per batch for pre- and post-processing.
        batch: "any", one batch size, or several ("1,4").
        weights: a set of weights, "any", or else those that the board's source used.
        objective: what to rank by: accuracy, fps, latency, energy, power, memory, params, ops,
            time, batch-latency or net-power.
        top: how many networks to list.
        all_batches: list every fitting batch size of them, not only the best.
        catalog: folder of your own catalog, which overlays the shipped one; else that of
            `ADVISOR_CATALOG`, else the platform's user data folder.
        candidates: "board" for the networks that the board has rows of; "all" for every network of
            the catalog, at every batch size, by prediction where nothing was measured.
        predictions: whether what is predicted may stand for what was not measured.
        confidence: the probability with which a candidate is to meet all limits together; at 0 its
            figures are to meet them, however unsure they are.

    Returns:
        The recommendation; its `best` is `None` where nothing meets all limits.

    Raises:
        AdvisorError: something asked for cannot be read or is not known, or a file is broken.
    """
    limits = {
        "fps": fps,
        "latency": latency,
        "energy": energy,
        "power": power,
        "memory": memory,
        "accuracy": accuracy,
        "params": params,
        "ops": ops,
    }
    if not isinstance(catalog, str | os.PathLike | None):
        raise AdvisorError(f"catalog: {catalog!r} is not a folder", "give a path as text")
    opened = Catalog.open(catalog)
    requirements = read_requirements(
        limits,
        board=board,
        objective=objective,
        batch=batch,
        weights=weights,
        overhead=overhead,
        top=top,
        all_batches=all_batches,
        catalog=opened.own_folder,
        candidates=candidates,
        predictions=predictions,
        confidence=confidence,
    )
    return recommend(gather(opened, requirements), requirements)
