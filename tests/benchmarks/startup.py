"""How much CPU time one `advisor pick` costs, start of the interpreter included.

    python tests/benchmarks/startup.py [--runs 15]

The reference is the bare import of libraries that such a command would commonly load. Both run in
turn, so that a change in the machine's speed hits both; the figure is the median of the pairs'
ratios.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys

PICK = [sys.executable, "-m", "advisor", "pick", "--fps", "30", "--energy", "0.5J"]
REFERENCE = [sys.executable, "-c", "import pandas, typer, rich.table, rich.console, yaml"]
TARGET = 0.85


def cpu_s(command: list[str]) -> float:
    """User and system time of one run of the command, its children included."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Run both in turn and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    for command in (PICK, REFERENCE):
        cpu_s(command)
    pairs = [(cpu_s(PICK), cpu_s(REFERENCE)) for _ in range(runs)]
    ratios = sorted(pick / reference for pick, reference in pairs)
    print(f"advisor pick        {statistics.median(pick for pick, _ in pairs):.3f} s CPU (median)")
    print(
        f"reference imports   {statistics.median(other for _, other in pairs):.3f} s CPU (median)"
    )
    print(
        f"ratio               {statistics.median(ratios):.2f} "
        f"({ratios[0]:.2f} to {ratios[-1]:.2f} over {runs} pairs; target: at most {TARGET})"
    )


if __name__ == "__main__":
    main()
