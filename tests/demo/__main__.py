"""`python -m tests.demo up | url | down`: the chat on a Kubernetes cluster of this machine."""

from __future__ import annotations

import argparse
import sys

from socketio_operator.desired.proxy.programs import PROGRAMS
from tests.cluster.errors import ClusterError
from tests.demo import steps
from tests.demo.console import RED, styled


def main() -> int:
    """Exit code 0: done, and for `up` with a good verdict; 1: not."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description=__doc__)
    parser.add_argument("command", choices=("up", "url", "down"), help="up: start or update and check; url: print it")
    parser.add_argument("--proxy", default="", choices=("", *PROGRAMS), help="up: have the operator run this proxy")
    given = parser.parse_args()
    command = given.command
    try:
        if command == "up":
            return 0 if steps.up(given.proxy) else 1
        if command == "url":
            print(steps.url())
        else:
            steps.down()
    except (steps.DemoError, ClusterError, RuntimeError, TimeoutError, OSError) as error:
        print(f"\n{styled('FAILED', RED)}  {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
