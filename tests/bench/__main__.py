"""python -m tests.bench [names...] [--clusters N] [--write]: prints the table."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.registry import LONG, MEASUREMENTS
from tests.bench.rig import Options, Rig, running_rig
from tests.bench.rows import Row, replaced, table
from tests.cluster import lifecycle
from tests.cluster.cluster import Cluster
from tests.cluster.progress import say

PAGE = Path(__file__).parents[2] / "docs" / "performance-operator.md"


def main() -> int:
    """The command line."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    names = options.names or [name for name in MEASUREMENTS if name not in LONG]
    try:
        rows = _measured(names, options)
    except KeyboardInterrupt:
        say("interrupted; what was started has ended")
        return 130
    text = f"{_machine()}\n\n{table(rows)}"
    say(text)
    if options.write:
        PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), text), encoding="utf-8")
    return 0


def _measured(names: list[str], options: argparse.Namespace) -> list[Row]:
    with (
        _cluster() as (cluster, ours),
        tempfile.TemporaryDirectory(prefix="socketio-operator-bench-") as folder,
        running_rig(cluster, Path(folder), _options(options, disposable=ours)) as rig,
    ):
        return run(rig, names)


def run(rig: Rig, names: list[str]) -> list[Row]:
    """The rows of the measurements of these names, in the order of the registry."""
    rows = []
    for name, measure in MEASUREMENTS.items():
        if name in names:
            started = time.monotonic()
            say(f"{name}")
            rows += measure(rig)
            say(f"{name}: {time.monotonic() - started:.0f} s")
    return rows


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("names", nargs="*", choices=[*MEASUREMENTS, []], help=f"default: all but {', '.join(LONG)}")
    parser.add_argument("--clusters", type=int, default=1000)
    parser.add_argument(
        "--sizes", type=_sizes, default=Options().sizes, help="as 200x3,600x2: clusters, rounds of apply"
    )
    parser.add_argument("--minutes", type=float, default=60, help="of churn")
    parser.add_argument("--workers", type=int, help="of the operator; default: its own")
    parser.add_argument("--rate", type=float, default=20, help="edits a second")
    parser.add_argument("--write", action="store_true", help=f"replace the table in {PAGE.name}")
    return parser


def _options(given: argparse.Namespace, disposable: bool) -> Options:
    options = Options(
        clusters=given.clusters,
        sizes=given.sizes,
        edits_per_second=given.rate,
        churn_minutes=given.minutes,
        disposable=disposable,
    )
    if given.workers:
        options = replace(options, operator=(f"--workers={given.workers}",))
    return options


def _sizes(text: str) -> tuple[tuple[int, int], ...]:
    pairs = (size.split("x") for size in text.split(","))
    return tuple((int(clusters), int(rounds)) for clusters, rounds in pairs)


@contextmanager
def _cluster() -> Iterator[tuple[Cluster, bool]]:
    """The cluster that runs, or one that ends with the block; and whether it does."""
    ran_before = lifecycle.running() is not None
    try:
        yield lifecycle.up(0), not ran_before
    finally:
        if not ran_before:
            lifecycle.down()


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
