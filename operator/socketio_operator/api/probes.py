"""How patient Kubernetes is with the server's pods."""

from pydantic import Field

from socketio_operator.api.base import Model


class Probes(Model):
    """Budgets of the probes; what they ask is the operator's, or `health`."""

    startup_seconds: int = Field(
        120, description="Time for the server to listen, in seconds. Default: 120.", ge=1, le=3600
    )
    readiness_failures: int = Field(
        2, description="After how many failures in a row a pod gets no new clients. Default: 2.", ge=1, le=100
    )
    liveness_failures: int = Field(
        6,
        description="After how many failures in a row, 10 s apart, a container is restarted. Default: 6.",
        ge=1,
        le=100,
    )
