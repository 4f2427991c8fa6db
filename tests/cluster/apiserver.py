"""kube-apiserver, with an audit log of every request."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.cluster import etcd
from tests.cluster.binaries import Binaries
from tests.cluster.certificates import Authority
from tests.cluster.daemons import Daemon
from tests.cluster.layout import API_SERVICE, CONTROL_PLANE, SERVICE_RANGE

ISSUER = "https://kubernetes.default.svc.cluster.local"
NAMES = (
    "kube-apiserver",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    CONTROL_PLANE.address,
    API_SERVICE,
)

# One line per request, without bodies: tests count writes from it.
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}
AUDIT_LOG_MEGABYTES = 2000


def audit_log(logs: Path) -> Path:
    """The audit log: one JSON object per line and request."""
    return logs / "audit.log"


def daemon(binaries: Binaries, authority: Authority, logs: Path) -> Daemon:
    """kube-apiserver inside the control plane's machine, on that machine's address."""
    serving = authority.server("apiserver", NAMES)
    to_kubelets = authority.client("apiserver-kubelet", "kube-apiserver", "system:masters")
    token_key, token_public_key = authority.token_key()
    policy = CONTROL_PLANE.home / "etc/audit-policy.yaml"
    policy.write_text(yaml.safe_dump(AUDIT_POLICY))
    command = (
        str(binaries.kubernetes("kube-apiserver")),
        f"--etcd-servers={etcd.CLIENT_URL}",
        f"--bind-address={CONTROL_PLANE.address}",
        f"--advertise-address={CONTROL_PLANE.address}",
        "--secure-port=6443",
        f"--tls-cert-file={serving.certificate}",
        f"--tls-private-key-file={serving.key}",
        f"--client-ca-file={authority.pair.certificate}",
        f"--service-account-key-file={token_public_key}",
        f"--service-account-signing-key-file={token_key}",
        f"--service-account-issuer={ISSUER}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--allow-privileged=true",
        f"--kubelet-client-certificate={to_kubelets.certificate}",
        f"--kubelet-client-key={to_kubelets.key}",
        f"--kubelet-certificate-authority={authority.pair.certificate}",
        "--kubelet-preferred-address-types=InternalIP",
        "--profiling=false",
        f"--audit-policy-file={policy}",
        f"--audit-log-path={audit_log(logs)}",
        f"--audit-log-maxsize={AUDIT_LOG_MEGABYTES}",
    )
    return Daemon(CONTROL_PLANE, "kube-apiserver", command, logs / "kube-apiserver.log")
