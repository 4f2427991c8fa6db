"""Settings of the operator: command-line flags and Helm values end here."""

from dataclasses import dataclass, field
from pathlib import Path

from socketio_operator.desired.inputs import Images


@dataclass(frozen=True, slots=True)
class Settings:
    """`kubeconfig`: None inside a cluster. `namespaces`: empty for all. Times are seconds."""

    kubeconfig: Path | None = None
    context: str | None = None
    namespaces: tuple[str, ...] = ()
    images: Images = field(default_factory=Images)
    workers: int = 8
    resync: float = 30.0
    health_endpoint: str | None = None
