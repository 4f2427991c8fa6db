"""`socketio-operator run | render | crd | handshake`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from socketio_operator import __version__
from socketio_operator.api import crd_manifest
from socketio_operator.cli import handshake, render, run
from socketio_operator.cli.output import print_yaml


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one subcommand and returns the exit code: 0 well, 1 bad input, 2 bad usage."""
    args = _parser().parse_args(argv)
    code: int = args.run(args)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="socketio-operator", description="Runs Socket.IO servers on Kubernetes.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")
    run.add_command(commands)
    render_parser = commands.add_parser("render", help="print the children of a SocketIOCluster, without a cluster")
    render_parser.add_argument("-f", "--filename", required=True, type=Path, help="the resource as YAML; - for stdin")
    run.add_image_options(render_parser)
    render_parser.set_defaults(run=render.command)
    crd_parser = commands.add_parser("crd", help="print the CustomResourceDefinition")
    crd_parser.set_defaults(run=_crd)
    handshake.add_command(commands)
    return parser


def _crd(args: argparse.Namespace) -> int:
    print_yaml([crd_manifest()])
    return 0
