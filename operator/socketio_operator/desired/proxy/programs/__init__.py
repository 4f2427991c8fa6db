"""Registry of programs: one file a program, one line here."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.proxy.programs import haproxy, httpd, nginx, traefik
from socketio_operator.desired.proxy.programs.base import Program

PROGRAMS: dict[str, Program] = {
    program.name: program for program in (haproxy.PROGRAM, nginx.PROGRAM, httpd.PROGRAM, traefik.PROGRAM)
}


def program_of(cluster: SocketIOCluster) -> Program:
    """The program that a cluster asks for; that of the default where it asks for no proxy."""
    proxy = cluster.spec.routing.proxy
    return PROGRAMS[proxy.type if proxy else haproxy.PROGRAM.name]


__all__ = ["PROGRAMS", "Program", "program_of"]
