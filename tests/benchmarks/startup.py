"""How much CPU time one `advisor pick` costs, start of the interpreter included.

    python tests/benchmarks/startup.py [--runs 15] [--zoo 1400]

With `--zoo` the question is asked with `--candidates all`, where so many made-up networks are kept as
counted of timm's, beside torchvision's that come along.

The reference is the bare import of libraries that such a command would commonly load. Both run in
turn, with their bytecode kept as installing keeps it, and the figure is the ratio of what each took at
least: whatever else the machine does only adds to a run.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile

from advisor.catalog.files import shipped_folder
from advisor.catalog.tables import ZooNetwork, read_zoo_table
from advisor.catalog.zoo import installed_version, remember

PICK = [sys.executable, "-m", "advisor", "pick", "--fps", "30", "--energy", "0.5J"]
REFERENCE = [sys.executable, "-c", "import pandas, typer, rich.table, rich.console, yaml"]
TARGET = 0.60


def made_up(count: int) -> list[ZooNetwork]:
    """Networks that cost about what some of torchvision's do."""
    drawn = random.Random(0)
    models = [
        each
        for each in read_zoo_table(shipped_folder() / "zoo/torchvision.csv").values()
        if each.counts
    ]
    version = installed_version("timm")
    if version is None:
        raise SystemExit("timm is not installed, so nothing that was counted of it is read")
    found = []
    for number in range(count):
        model, scale = drawn.choice(models), drawn.uniform(0.5, 2)
        found.append(
            ZooNetwork(
                f"made_up_{number}@{model.input_shape[-1]}",
                "timm",
                version,
                model.family,
                model.input_shape,
                tuple(max(1, round(scale * each)) for each in model.figures.values()),
            )
        )
    return found


def cpu_s(command: list[str]) -> float:
    """User and system time of one run of the command, its children included."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Read what to ask, and ask it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--zoo", type=int, default=0, help="how many networks are made up")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = os.environ["PYTHONPYCACHEPREFIX"] = cache
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        if arguments.zoo and (fault := remember("timm", made_up(arguments.zoo))):
            raise SystemExit(fault)
        compare([*PICK, *(["--candidates", "all"] if arguments.zoo else [])], arguments.runs)


def compare(pick: list[str], runs: int) -> None:
    """Run the question and the reference in turn and print the figures."""
    for command in (pick, REFERENCE):
        cpu_s(command)
    pairs = [(cpu_s(pick), cpu_s(REFERENCE)) for _ in range(runs)]
    own, other = map(min, zip(*pairs, strict=True))
    print(f"advisor pick        {own:.3f} s CPU (least of {runs})")
    print(f"reference imports   {other:.3f} s CPU (least of {runs})")
    print(f"ratio               {own / other:.2f} (target: at most {TARGET})")


if __name__ == "__main__":
    main()
