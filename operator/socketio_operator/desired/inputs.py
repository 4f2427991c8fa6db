"""What builders need beside the cluster itself: the operator's settings and generated secrets."""

import hashlib
from dataclasses import dataclass, field

from socketio_operator.desired.kinds import Ref


@dataclass(frozen=True, slots=True)
class Images:
    """Default images: settings of the operator, so that private registries can replace them."""

    redis: str = "redis:7.4-alpine"
    runtime_node: str = "socketio-operator/runtime-node:0.1.0"
    runtime_python: str = "socketio-operator/runtime-python:0.1.0"
    proxy_haproxy: str = "haproxy:3.2"
    proxy_nginx: str = "nginxinc/nginx-unprivileged:1.30"
    proxy_httpd: str = "httpd:2.4"
    proxy_traefik: str = "traefik:v3.7"


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that is not in the spec. The secrets are URL-safe text, generated once a cluster.

    `external_credentials`: a hash of the external broker's URL as the user's Secret has it; empty if it is not known.
    `object_hashes`: of the objects of `restartOnChange`, as far as they exist.
    """

    images: Images = field(default_factory=Images)
    redis_password: str = field(default="", repr=False)
    runtime_token: str = field(default="", repr=False)
    session_key: str = field(default="", repr=False)
    external_credentials: str = ""
    object_hashes: tuple[tuple[Ref, str], ...] = ()

    @property
    def redis_password_hash(self) -> str:
        """A short hash of the password: pods that hold another one must restart."""
        return hashlib.sha256(f"socketio-operator:{self.redis_password}".encode()).hexdigest()[:16]
