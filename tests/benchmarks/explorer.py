"""How large the explorer's page is, how fast it opens, and how fast a slider answers.

    python tests/benchmarks/explorer.py [--candidates 2000] [--turns 60] [--all-boards]

The board is made up, with a fixed seed: networks at eight batch sizes, every figure with its interval. With
`--all-boards` the page is that of all boards of the catalog instead. The page is opened in Debian's Chromium
from disk, without a network. A slider answers when the view that follows from its new place has been painted:
while it is dragged, from its input event to the frame after it; when it is let go, to the first frame that
begins after the page has drawn everything. Every turn moves it to another place; both alternate, and the
ratio of their medians is printed.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser

from advisor.catalog.store import Catalog
from advisor.options import read_requirements
from advisor.report.explorer.choice import choices
from advisor.report.explorer.document import Json, document
from advisor.report.explorer.page import data_text, packed, page
from tests.browser import Opened, chromium

BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
COLUMNS = (
    "architecture,runtime,precision,batch,latency_ms,net_power_w,memory_mb,latency_low_ms,latency_high_ms,"
    "net_power_low_w,net_power_high_w,memory_low_mb,memory_high_mb,latency_p90_ms,origin,source"
)
QUESTIONS = {
    "three limits": {"fps": 20, "energy": "1.5 J", "memory": "900 MB"},
    "five limits, four of which share the latency": {
        "fps": 20, "latency": "600 ms", "energy": "1.5 J", "power": "11 W", "memory": "900 MB"
    },
}  # fmt: skip
SLIDERS = ("fps", "energy", "memory", "power")

MOVE = """async ([id, place, isLetGo]) => {
    const slider = document.getElementById(`${id}-slider`);
    const began = performance.now();
    slider.value = place;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    if (isLetGo) {
        slider.dispatchEvent(new Event("change", { bubbles: true }));
        await explorer.drawn();
    }
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return performance.now() - began;
}"""


def made_up(folder: Path, candidates: int) -> None:
    """Write a catalog with a board of that many rows."""
    drawn = random.Random(0)
    networks = -(-candidates // len(BATCHES))
    architectures, weights, rows = [], [], []
    for number in range(networks):
        name, size = f"net-{number:04d}@224", drawn.lognormvariate(1, 1.1)
        architectures.append(
            f"{name}:\n  family: Family-{number % 20}\n  input: 3x224x224\n  reference: made up\n"
            "  reported:\n    source: made-up\n"
            f"    params: {{value: {6 * size:.3f}M, error: 1k}}\n"
            f"    operations: {{value: {2 * size:.3f}G, error: 1M}}\n"
        )
        top1 = 82 - 26 / (1 + size) + drawn.gauss(0, 1.5)
        weights.append(f"{name},paper,{top1:.2f},,,,reported,made-up")
        for batch in BATCHES:
            latency = batch * size * 9 * batch**-0.2 * drawn.lognormvariate(0, 0.2)
            power, memory = drawn.uniform(5, 11), 180 + 25 * size + 9 * batch * size**0.5
            figures = ((latency, 0.04), (power, 0.03), (memory, 0.05))
            values = ",".join(f"{value:.5g}" for value, _ in figures)
            bounds = ",".join(
                f"{value * (1 - share):.5g},{value * (1 + share):.5g}" for value, share in figures
            )
            rows.append(
                f"{name},eager,fp32,{batch},{values},{bounds},{1.2 * latency:.5g},measured,made-up"
            )
    board = folder / "boards" / "made-up"
    board.mkdir(parents=True)
    (folder / "sources.yaml").write_text(
        "made-up:\n  citation: none\n  read: none\n  error: none\n"
    )
    (folder / "architectures.yaml").write_text("".join(architectures))
    header = "architecture,weights,top1_percent,top1_low_percent,top1_high_percent,top5_percent,origin,source"
    (folder / "weights.csv").write_text("\n".join([header, *weights]) + "\n")
    (board / "board.yaml").write_text(
        "title: A made-up board\nidle_power: {value: 2 W, error: 50 mW, source: made-up}\n"
        "weights: paper\nsource: made-up\n"
    )
    (board / "measurements.csv").write_text("\n".join([COLUMNS, *rows[:candidates]]) + "\n")


def main() -> None:
    """Make pages, open them, move their sliders, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--candidates", type=int, default=2000)
    parser.add_argument("--turns", type=int, default=60, help="a slider")
    parser.add_argument("--all-boards", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder, path = Path(name) / "catalog", Path(name) / "explorer.html"
        made_up(folder, given.candidates)
        for title, limits in QUESTIONS.items():
            board = "any" if given.all_boards else "made-up"
            catalog = None if given.all_boards else str(folder)
            asked = read_requirements(limits, board=board, catalog=catalog)
            written = document(*choices(Catalog.open(catalog), asked))
            path.write_text(page(written), encoding="utf-8")
            print(
                f"{title}: {path.stat().st_size / 1e6:.2f} MB, of which {packed_mb(written):.2f} data"
            )
            measure(browser, path, given.turns)


def packed_mb(written: Json) -> float:
    """How much of a page is its data."""
    return len(packed(data_text(written))) / 1e6


def measure(browser: Browser, path: Path, turns: int) -> None:
    """Open a page, move its sliders, and print how long it takes."""
    drawn = random.Random(1)
    began = time.perf_counter()
    opened = Opened.at(browser, path, viewport={"width": 1400, "height": 900})
    opening = time.perf_counter() - began
    print(f"  {opened.ask('explorer.table.count')} candidates")
    print(f"  opens in                    {opening:6.2f} s, a new tab included")
    for slider in SLIDERS:
        dragged: list[float] = []
        let_go: list[float] = []
        for _ in range(turns):
            for is_let_go, times in ((False, dragged), (True, let_go)):
                times.append(opened.ask(MOVE, [slider, drawn.randint(1, 239), is_let_go]))
        medians = statistics.median(dragged), statistics.median(let_go)
        print(
            f"  slider {slider:8}  dragged {medians[0]:5.0f} ms, worst {max(dragged):5.0f};"
            f"  let go {medians[1]:5.0f} ms, worst {max(let_go):5.0f};  {medians[1] / medians[0]:.1f} times"
        )
    opened.close()


if __name__ == "__main__":
    main()
