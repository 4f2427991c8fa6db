"""python -m tests.cluster up|down|status|load|build|images|enter|check-clean"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.cluster import bare, binaries, lifecycle, machines
from tests.cluster.daemons import all_machines
from tests.cluster.errors import ClusterError
from tests.cluster.images import IMAGES, build_image
from tests.cluster.progress import say, step

MACHINES = all_machines(9)


def main() -> int:
    """Run one command; an error that has a cause to fix is printed without a traceback."""
    options = _parser().parse_args()
    try:
        return int(options.run(options))
    except (ClusterError, TimeoutError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; `python -m tests.cluster down` removes what is there", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster")
    commands = parser.add_subparsers(required=True)
    add = commands.add_parser("up", help="bring the cluster up")
    add.add_argument("--nodes", type=int, default=int(os.environ.get("NODES", "2")), choices=range(len(MACHINES)))
    add.set_defaults(run=_up)
    commands.add_parser("down", help="take it down and remove all it left").set_defaults(run=_down)
    commands.add_parser("status", help="say what runs").set_defaults(run=_status)
    add = commands.add_parser("load", help="bring images onto every node")
    add.add_argument("images", nargs="+", metavar="TAR", help="a tar, or the short name of one of our images")
    add.set_defaults(run=_load)
    commands.add_parser("build", help="build the cluster's programs").set_defaults(run=_build)
    add = commands.add_parser("images", help="build images and print their paths")
    add.add_argument("names", nargs="*", metavar="NAME", help=", ".join(IMAGES))
    add.set_defaults(run=_images)
    add = commands.add_parser("enter", help="run a command inside a machine of the bare-node cluster")
    add.add_argument("machine", choices=[machine.name for machine in MACHINES])
    add.add_argument("command", nargs="*", default=["sh"], help="by default a shell")
    add.set_defaults(run=_enter)
    add = commands.add_parser("check-clean", help="fail if anything of a bare-node cluster is left")
    add.set_defaults(run=_check_clean)
    return parser


def _up(options: argparse.Namespace) -> int:
    started = time.monotonic()
    cluster = lifecycle.up(options.nodes)
    say(f"cluster with {cluster.nodes} nodes is up after {time.monotonic() - started:.1f} s")
    say(f"  export KUBECONFIG={cluster.kubeconfig}")
    say(f"  kubectl: {cluster.kubectl}")
    say(f"  logs:    {cluster.logs}")
    return 0


def _down(_: argparse.Namespace) -> int:
    lifecycle.down()
    return 0


def _status(_: argparse.Namespace) -> int:
    return 0 if lifecycle.backend().status() else 1


def _load(options: argparse.Namespace) -> int:
    cluster = lifecycle.running()
    if cluster is None:
        raise ClusterError("no healthy cluster is running; run `python -m tests.cluster up`")
    for image in options.images:
        with step(f"loading {image}"):
            cluster.load(build_image(image) if image in IMAGES else Path(image).resolve(strict=True))
    return 0


def _build(_: argparse.Namespace) -> int:
    for folder in binaries.ensure().folders.values():
        say(str(folder))
    return 0


def _images(options: argparse.Namespace) -> int:
    for name in options.names or IMAGES:
        say(f"{name}: {build_image(name)}")
    return 0


def _enter(options: argparse.Namespace) -> int:
    machine = next(machine for machine in MACHINES if machine.name == options.machine)
    return subprocess.run([*machines.enter(machine), *options.command], cwd="/", check=False).returncode


def _check_clean(_: argparse.Namespace) -> int:
    left = bare.leftovers()
    for thing in left:
        say(f"left behind: {thing}")
    say("clean" if not left else f"{len(left)} things left behind")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
