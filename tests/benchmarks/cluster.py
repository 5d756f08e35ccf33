"""How much sooner large work is done by several worker processes of a scheduler than by one.

`python -m tests.benchmarks.cluster [--workers 2] [--networks 40] [--boards 24] [--ways 60]`. Every worker has
one thread for arithmetic, and is asked a little first, so that none has anything to import while the time is
taken. The answers must be equal. Beside each time stands how many programs wanted a processor at its end.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from advisor.catalog.counting import counted, listed
from advisor.catalog.store import Catalog
from advisor.measuring.cluster import cluster
from advisor.prediction.fitting import Asked, fit_asked
from advisor.prediction.recipe import UNSAID
from tests.benchmarks.decisions.every_board import Settings, every_way, outcomes_of, parity_of
from tests.fleet_processes import started_helpers, started_scheduler, wait_for_helpers

Work = tuple[str, Callable[[Any], object], list[Any]]
"""What it is, the task, and what each is called with."""


def works(asked: argparse.Namespace) -> Iterator[Work]:
    """A sample of each kind, the same every time."""
    chance = random.Random(1)
    if asked.networks:
        networks = chance.sample(listed("timm"), asked.networks)
        yield f"counting {asked.networks} of timm's networks", counted, networks
    if asked.boards:
        boards = chance.sample(sorted(Catalog.open().board_layers), asked.boards)
        yield (
            f"fitting {asked.boards} boards",
            fit_asked,
            [Asked(each, UNSAID, ()) for each in boards],
        )
    if asked.ways:
        ways = [each.key for each in every_way() if parity_of(each.device) == "even"]
        task = partial(outcomes_of, Settings("even", 10, (5, 8), verify=5))
        yield f"decisions on {asked.ways} ways", task, chance.sample(ways, asked.ways)


def timed(work: Work, workers: int) -> tuple[float, list[str]]:
    """How many seconds so many workers take, and what they answer."""
    _, task, arguments = work
    with started_scheduler() as (address, _), started_helpers(address, workers):
        wait_for_helpers(address, workers)
        with cluster(address) as found:
            list(found.map(task, arguments[: 4 * workers]))
            began = time.perf_counter()
            answers = [repr(each) for each in found.map(task, arguments)]
            return time.perf_counter() - began, answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--workers", type=int, default=2, help="processes that are compared with one"
    )
    parser.add_argument("--networks", type=int, default=40, help="of timm's; 0 for none")
    parser.add_argument("--boards", type=int, default=24, help="to be fitted; 0 for none")
    parser.add_argument("--ways", type=int, default=60, help="of boards taken as new; 0 for none")
    asked = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    unlike = False
    for work in works(asked):
        alone_s, alone = timed(work, 1)
        load_alone = os.getloadavg()[0]
        spread_s, answers = timed(work, asked.workers)
        equal = answers == alone
        unlike = unlike or not equal
        print(
            f"{work[0]}: one process {alone_s:.1f} s (load {load_alone:.1f}), {asked.workers} processes "
            f"{spread_s:.1f} s (load {os.getloadavg()[0]:.1f}): {alone_s / spread_s:.2f} times as fast, "
            f"answers {'equal' if equal else 'NOT EQUAL'}",
            flush=True,
        )
    sys.exit(1 if unlike else 0)


if __name__ == "__main__":
    main()
