"""Real brokers on loopback, each in a folder of its own that is removed at the end."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster.certificates import Authority, Pair
from tests.cluster.waiting import wait_for
from tests.traffic.ports import free_port

MONGOD = Path(__file__).parents[3] / "build/mongod/fiftyone/db/bin"
_DEBIAN_POSTGRES = Path("/usr/lib/postgresql")
# PostgreSQL refuses to run as root.
_NOBODY = 65534


@dataclass(frozen=True)
class Server:
    """`port`: as the URL without TLS has it; `tls_port` the other one, the same for servers that take both on one."""

    port: int
    tls_port: int


def program(name: str, *folders: Path) -> str:
    """Its path; skips the test if it is not installed."""
    found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *map(str, folders)]))
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


def postgres_program(name: str) -> str:
    """The same for PostgreSQL's, which Debian keeps off the PATH."""
    return program(name, *(version / "bin" for version in sorted(_DEBIAN_POSTGRES.glob("*"), reverse=True)))


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that the servers' user owns."""
    path = Path(tempfile.mkdtemp(prefix="socketio-operator-probes-"))
    if os.getuid() == 0:
        os.chown(path, _NOBODY, _NOBODY)
    try:
        yield path
    finally:
        shutil.rmtree(path)


def server_user() -> int | None:
    """The user for a server that refuses root; None for the own one."""
    return _NOBODY if os.getuid() == 0 else None


def certificate(authority: Authority, name: str, target: Path) -> Pair:
    """A copy for 127.0.0.1 and localhost that the servers' user may read."""
    issued = authority.server(name, ("127.0.0.1", "localhost"))
    copied = Pair(target / "server.crt", target / "server.key")
    shutil.copy(issued.certificate, copied.certificate)
    shutil.copy(issued.key, copied.key)
    copied.key.chmod(0o600)
    if os.getuid() == 0:
        for path in (copied.certificate, copied.key):
            os.chown(path, _NOBODY, _NOBODY)
    return copied


@contextmanager
def running(command: list[str], port: int, user: int | None = None) -> Iterator[None]:
    """A server process from the moment that it takes connections."""
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user, group=user
    ) as process:

        def listens() -> bool:
            assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True

        try:
            wait_for(listens, 30, command[0], tolerate=(OSError,), interval=0.05)
            yield
        finally:
            process.kill()


@contextmanager
def redis(authority: Authority, *lines: str) -> Iterator[Server]:
    """A Redis with these lines in its configuration."""
    binary, server = program("redis-server"), Server(free_port(), free_port())
    with folder() as home:
        pair = certificate(authority, "redis", home)
        settings = [
            f"port {server.port}",
            f"tls-port {server.tls_port}",
            f"tls-cert-file {pair.certificate}",
            f"tls-key-file {pair.key}",
            "tls-auth-clients no",
            "bind 127.0.0.1",
            f"dir {home}",
            'save ""',
            *lines,
        ]
        (home / "redis.conf").write_text("\n".join(settings))
        with running([binary, str(home / "redis.conf")], server.port):
            yield server


@contextmanager
def postgres(authority: Authority, access: str, statements: str) -> Iterator[Server]:
    """A PostgreSQL with these lines in pg_hba.conf, after these statements (one a line)."""
    initdb, binary = postgres_program("initdb"), postgres_program("postgres")
    user, port = server_user(), free_port()
    with folder() as home:
        pair = certificate(authority, "postgres", home)
        data = home / "data"
        made = [initdb, "-D", str(data), "-U", "owner", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, user=user, group=user, cwd="/")
        single = [binary, "--single", "-F", "-D", str(data), "postgres"]
        subprocess.run(
            single, check=True, input=statements.encode(), stdout=subprocess.DEVNULL, user=user, group=user, cwd="/"
        )
        (data / "pg_hba.conf").write_text(access)
        options = {
            "listen_addresses": "127.0.0.1",
            "fsync": "off",
            "ssl": "on",
            "ssl_cert_file": pair.certificate,
            "ssl_key_file": pair.key,
        }
        command = [binary, "-D", str(data), "-p", str(port), "-k", str(home)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with running(command, port, user):
            yield Server(port, port)


@contextmanager
def mongod(authority: Authority) -> Iterator[Server]:
    """A mongod that wants a login; nobody can until the first user is made from this machine."""
    binary, port = program("mongod", MONGOD), free_port()
    with folder() as home:
        pair = certificate(authority, "mongod", home)
        both = home / "both.pem"
        both.write_bytes(pair.certificate.read_bytes() + pair.key.read_bytes())
        command = [binary, "--auth", "--dbpath", str(home), "--port", str(port), "--bind_ip", "127.0.0.1"]
        command += ["--unixSocketPrefix", str(home), "--wiredTigerCacheSizeGB", "0.25"]
        command += ["--setParameter", "diagnosticDataCollectionEnabled=false"]
        command += ["--tlsMode", "preferTLS", "--tlsCertificateKeyFile", str(both)]
        command += ["--tlsCAFile", str(authority.pair.certificate), "--tlsAllowConnectionsWithoutCertificates"]
        with running(command, port):
            yield Server(port, port)
