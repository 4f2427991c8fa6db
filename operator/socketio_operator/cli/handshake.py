"""`socketio-operator handshake`: whether a server opens a session, as `helm test` asks it."""

import argparse
import sys
from typing import Any


def add_command(commands: Any) -> None:
    """Adds `handshake` with its flags."""
    parser = commands.add_parser("handshake", help="open a session at a server, and close it")
    parser.add_argument("url", help="URL of Engine.IO's path, such as http://chat.default.svc:3000/socket.io/")
    parser.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS", help="try for so long (default: 10)")
    parser.set_defaults(run=_handshake)


def _handshake(args: argparse.Namespace) -> int:
    # Imported here: the client takes half a second, which `render` and `crd` do without.
    from socketio_operator.controller.handshake import NoHandshakeError, run

    try:
        run(args.url, args.timeout)
    except NoHandshakeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{args.url} opened a session")
    return 0
