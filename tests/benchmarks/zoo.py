"""How long counting the whole of torchvision takes; with --write, its shipped tables are written again.

    python tests/benchmarks/zoo.py [--write]

The tables are `catalog/zoo/torchvision.csv` (what each network costs at each size at which it was
published) and `catalog/zoo/torchvision-weights.csv` (the accuracy of every published set of weights).
"""

from __future__ import annotations

import argparse
import time

from advisor.architectures.libraries import TORCHVISION
from advisor.catalog.counting import counted, listed
from advisor.catalog.files import shipped_folder, write_whole
from advisor.catalog.tables import WEIGHTS_COLUMNS, zoo_table


def weights_table(version: str) -> str:
    """Every published set, in the form of a `weights.csv`."""
    lines = [",".join(WEIGHTS_COLUMNS)]
    for name in TORCHVISION.names():
        for each in TORCHVISION.published(name):
            top1, top5 = each.top1_percent, each.top5_percent
            cells = (each.design.identity, each.weights, f"{top1:g}", "", "", f"{top5:g}")
            lines.append(",".join((*cells, "reported", f"torchvision-{version}")))
    return "\n".join(lines) + "\n"


def main() -> None:
    """Count, print the time, and write where that is asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    started = time.perf_counter()
    networks = [counted(each) for each in listed("torchvision")]
    print(f"{len(networks)} networks in {time.perf_counter() - started:.1f} s (target: 180 s)")
    print(f"{sum(1 for each in networks if each.fault)} of them cannot be counted")
    if write:
        folder = shipped_folder() / "zoo"
        write_whole(folder / "torchvision.csv", zoo_table(networks))
        version = networks[0].version.partition("+")[0]
        write_whole(folder / "torchvision-weights.csv", weights_table(version))


if __name__ == "__main__":
    main()
