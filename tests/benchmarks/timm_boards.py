"""How long `advisor pick` takes over boards that were imported from tables like timm's.

    python -m tests.benchmarks.timm_boards [--boards 20] [--networks 1600] [--runs 7]

Makes such tables of made-up networks, drawn with a fixed seed, imports them into a temporary catalog with a
table of their accuracies, and asks one board and all of them. The reference is the bare import of libraries,
as in `startup.py`: both run in turn, and the figure is the median of the pairs' ratios of CPU time. How long
one waits for the answer is printed beside it.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.benchmarks.startup import REFERENCE, cpu_s

ADVISOR = [sys.executable, "-m", "advisor"]
HEADER = (
    "model,infer_img_size,infer_samples_per_sec,infer_step_time,infer_batch_size,param_count,"
    "infer_gmacs,infer_macts\n"
)


def make_catalog(folder: Path, boards: int, networks: int) -> Path:
    """Write the tables and import them; the catalog's folder."""
    random = np.random.default_rng(0)
    names = [f"made_up_network_{index}" for index in range(networks)]
    gmacs = random.lognormal(1.5, 1.3, networks).clip(0.01)
    top1 = (70 + 5 * np.log(gmacs) + random.normal(0, 3, networks)).clip(20, 90)
    accuracies = folder / "results.csv"
    accuracies.write_text(
        "model,img_size,top1,top5\n"
        + "".join(
            f"{name}.{tag}_in1k,224,{accuracy - 2 * place:.3f},95\n"
            for name, accuracy in zip(names, top1, strict=True)
            for place, tag in enumerate(("a1", "b2"))
        )
    )
    catalog = folder / "catalog"
    for board in range(boards):
        table = folder / f"benchmark-infer-amp-nchw-board{board}.csv"
        batches = random.choice([256, 512, 1024], networks)
        fps = random.lognormal(9, 0.3) / (gmacs + 0.5) * random.lognormal(0, 0.3, networks)
        with table.open("w") as stream:
            stream.write(HEADER)
            stream.writelines(
                f"{name},224,{rate:.2f},{1000 * batch / rate:.3f},{batch},"
                f"{6 * macs:.2f},{macs:.2f},{3 * macs:.2f}\n"
                for name, rate, batch, macs in zip(names, fps, batches, gmacs, strict=True)
            )
        asked = ["import", "timm", table, "--board", f"board{board}", "--catalog", catalog]
        asked += ["--accuracy", accuracies] if board == 0 else []
        subprocess.run([*ADVISOR, *map(str, asked)], check=True, stdout=subprocess.DEVNULL)
    return catalog


def waited_s(command: list[str]) -> float:
    """How long one waits for a command."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """Make the catalog, ask it, and print a line a question."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--boards", type=int, default=20)
    parser.add_argument("--networks", type=int, default=1600)
    parser.add_argument("--runs", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        catalog = make_catalog(Path(folder), asked.boards, asked.networks)
        spent_s = time.perf_counter() - started
        print(f"{asked.boards} imports of {asked.networks} networks took {spent_s:.1f} s")
        for board in ("board0", "any"):
            pick = [*ADVISOR, "pick", "--board", board, "--fps", "500", "--catalog", str(catalog)]
            cpu_s(pick)
            pairs = [(cpu_s(pick), cpu_s(REFERENCE)) for _ in range(asked.runs)]
            ratio = statistics.median(ours / bare for ours, bare in pairs)
            waited = statistics.median(waited_s(pick) for _ in range(asked.runs))
            ours, bare = (statistics.median(each) for each in zip(*pairs, strict=True))
            print(
                f"pick --board {board:6}  {ours:.2f} s CPU, reference imports {bare:.2f} s: "
                f"ratio {ratio:.2f}; the answer after {waited:.2f} s"
            )


if __name__ == "__main__":
    main()
