"""kube-controller-manager and kube-scheduler."""

from __future__ import annotations

from pathlib import Path

from tests.cluster.binaries import Binaries
from tests.cluster.certificates import Authority
from tests.cluster.daemons import Daemon
from tests.cluster.layout import API_SERVER, CONTROL_PLANE, POD_RANGE, SERVICE_RANGE


def manager(binaries: Binaries, authority: Authority, logs: Path) -> Daemon:
    """kube-controller-manager; nodes bring their pod ranges themselves, so it hands out none."""
    program = "kube-controller-manager"
    token_key, _ = authority.token_key()
    command = (
        str(binaries.kubernetes(program)),
        *_login(authority, program),
        f"--root-ca-file={authority.pair.certificate}",
        f"--service-account-private-key-file={token_key}",
        "--use-service-account-credentials=true",
        f"--cluster-signing-cert-file={authority.pair.certificate}",
        f"--cluster-signing-key-file={authority.pair.key}",
        f"--flex-volume-plugin-dir={CONTROL_PLANE.home}/volume-plugins",  # its default is made on the host
        f"--cluster-cidr={POD_RANGE}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
    )
    return Daemon(CONTROL_PLANE, program, command, logs / f"{program}.log")


def scheduler(binaries: Binaries, authority: Authority, logs: Path) -> Daemon:
    """kube-scheduler."""
    program = "kube-scheduler"
    command = (str(binaries.kubernetes(program)), *_login(authority, program))
    return Daemon(CONTROL_PLANE, program, command, logs / f"{program}.log")


def _login(authority: Authority, program: str) -> tuple[str, ...]:
    client = authority.client(program, f"system:{program}")
    kubeconfig = authority.kubeconfig(CONTROL_PLANE.home / f"etc/{program}.kubeconfig", API_SERVER, client)
    return (
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
    )
