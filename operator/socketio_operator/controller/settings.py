"""Settings of the operator: command-line flags and Helm values end here."""

from dataclasses import dataclass, field
from pathlib import Path

from socketio_operator.desired.inputs import Images


@dataclass(frozen=True, slots=True)
class Settings:
    """`kubeconfig`: None inside a cluster. `namespaces`: empty for all. Times are seconds.

    `resync`: between two looks at a cluster at rest; watches tell of everything but Secrets. `probe_brokers`: ask
    external brokers whether they serve. `try_routes`: by a client of the operator's own, while others hardly use them.
    `health_endpoint`: URL whose path is the liveness, `/readyz` and `/metrics` beside it.
    """

    kubeconfig: Path | None = None
    context: str | None = None
    namespaces: tuple[str, ...] = ()
    images: Images = field(default_factory=Images)
    workers: int = 32
    resync: float = 900.0
    probe_brokers: bool = True
    try_routes: bool = True
    health_endpoint: str | None = None
