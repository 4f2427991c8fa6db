"""A container of the proxies' root: a network of its own, and the rights that the level `restricted` leaves."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from socketio_operator.desired.proxy import CONFIG_DIR, SCRATCH_DIR, TLS_DIR
from tests.proxies.root import proxy_root

PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What a node would tell: here nobody answers.
RESOLV_CONF = "search team.svc.cluster.local svc.cluster.local cluster.local\nnameserver 127.0.0.1\noptions ndots:5\n"

# Where the root is, and what is mounted into it, are its arguments.
_ENTER = f"""
root=$1 user=$2 volumes=$3
shift 3
ip link set lo up
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root{SCRATCH_DIR}"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount --bind "$volumes/config" "$root{CONFIG_DIR}"
mount --bind "$volumes/tls" "$root{TLS_DIR}"
mount --bind "$volumes/resolv.conf" "$root/etc/resolv.conf"
mount -o remount,bind,ro "$root"
# As a container runtime does, so that it can be opened by its name.
chown "$user" /proc/self/fd/1 /proc/self/fd/2
exec chroot "$root" setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs --inh-caps=-all \\
  --bounding-set=-all --pdeathsig KILL env -i PATH={PATH} "$@"
"""


@dataclass(frozen=True)
class Container:
    """A container of a proxy that runs as `user`; `volumes` is a folder of this container alone."""

    program: str
    volumes: Path
    user: int

    def fill(self, config: Mapping[str, str], tls: Mapping[str, bytes]) -> None:
        """Make the volumes: name -> content of the files of the ConfigMap and of the Secret."""
        for folder in ("config", "tls"):
            shutil.rmtree(self.volumes / folder, ignore_errors=True)
            (self.volumes / folder).mkdir(parents=True)
        for name, text in config.items():
            (self.volumes / "config" / name).write_text(text, encoding="utf-8")
        for name, content in tls.items():
            (self.volumes / "tls" / name).write_bytes(content)
        (self.volumes / "resolv.conf").write_text(RESOLV_CONF, encoding="utf-8")

    def run(self, *command: str, seconds: float = 30.0) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, with all that it has said; nothing of it is left running.

        Raises subprocess.TimeoutExpired.
        """
        return subprocess.run(self._entered(command), capture_output=True, text=True, timeout=seconds, check=False)

    @contextmanager
    def running(self, *command: str, log: Path) -> Iterator[None]:
        """Run a command for as long as the block, in the network that is there."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                self._entered(command, own_network=False), stdout=output, stderr=subprocess.STDOUT
            )
        try:
            yield
        finally:
            process.kill()
            process.wait()

    def _entered(self, command: tuple[str, ...], own_network: bool = True) -> list[str]:
        network = ("--net",) if own_network else ()
        namespaces = ("--mount", "--pid", *network, "--ipc", "--uts", "--fork", "--kill-child")
        arguments = (str(proxy_root(self.program)), str(self.user), str(self.volumes))
        return ["unshare", *namespaces, "--", "sh", "-euc", _ENTER, "container", *arguments, *command]
