"""`socketio-operator run`: the operator itself, inside or outside a cluster."""

import argparse
from pathlib import Path
from typing import Any

from socketio_operator.cli import log
from socketio_operator.controller.settings import Settings
from socketio_operator.desired.inputs import Images


def add_command(commands: Any) -> None:
    """Adds `run` with its flags."""
    defaults = Settings()
    parser = commands.add_parser("run", help="run the operator")
    parser.add_argument("--kubeconfig", type=Path, help="default: the pod's own ServiceAccount")
    parser.add_argument("--context", help="context of the kubeconfig; default: its current one")
    parser.add_argument("--namespace", action="append", default=[], help="watch this namespace only; may be repeated")
    parser.add_argument("--workers", type=int, default=defaults.workers, help="clusters reconciled at once")
    parser.add_argument("--resync", type=float, default=defaults.resync, help="seconds between two looks at rest")
    parser.add_argument("--no-broker-probe", action="store_true", help="never ask external brokers whether they serve")
    parser.add_argument("--no-canary", action="store_true", help="never try routes by a client of its own")
    parser.add_argument(
        "--health",
        metavar="URL",
        help="serve liveness here, such as http://0.0.0.0:8080/healthz; /readyz and /metrics beside it",
    )
    parser.add_argument("--log-level", choices=log.LEVELS, default="info")
    parser.add_argument("--log-format", choices=log.FORMATS, default="text", help="json: an object on each line")
    add_image_options(parser)
    parser.set_defaults(run=_run)


def add_image_options(parser: argparse.ArgumentParser) -> None:
    """Adds the default images, which private registries replace."""
    images = Images()
    parser.add_argument("--redis-image", default=images.redis, help="image of the managed Redis")
    parser.add_argument("--runtime-node-image", default=images.runtime_node, help="image of the runtime for Node.js")
    parser.add_argument("--runtime-python-image", default=images.runtime_python, help="image of the runtime for Python")
    parser.add_argument("--haproxy-image", default=images.proxy_haproxy, help="image of routing.proxy.type haproxy")
    parser.add_argument("--nginx-image", default=images.proxy_nginx, help="image of routing.proxy.type nginx")
    parser.add_argument("--httpd-image", default=images.proxy_httpd, help="image of routing.proxy.type httpd")
    parser.add_argument("--traefik-image", default=images.proxy_traefik, help="image of routing.proxy.type traefik")


def images(args: argparse.Namespace) -> Images:
    """Default images from the flags."""
    return Images(
        redis=args.redis_image,
        runtime_node=args.runtime_node_image,
        runtime_python=args.runtime_python_image,
        proxy_haproxy=args.haproxy_image,
        proxy_nginx=args.nginx_image,
        proxy_httpd=args.httpd_image,
        proxy_traefik=args.traefik_image,
    )


def _run(args: argparse.Namespace) -> int:
    log.configure(args.log_level, args.log_format)
    # Imported here: Kopf and the client take half a second, which `render` and `crd` do without.
    from socketio_operator.controller.main import run_operator

    return run_operator(
        Settings(
            kubeconfig=args.kubeconfig,
            context=args.context,
            namespaces=tuple(args.namespace),
            images=images(args),
            workers=args.workers,
            resync=args.resync,
            probe_brokers=not args.no_broker_probe,
            try_routes=not args.no_canary,
            health_endpoint=args.health,
        )
    )
