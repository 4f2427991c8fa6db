"""What the operator reports. Conditions follow kstatus: Ready, Reconciling, Stalled."""

from typing import Literal

from pydantic import Field

from socketio_operator.api.base import Model, checked, map_list


class Condition(Model):
    """One observation. `Ready` is normally True; `Reconciling` and `Stalled` are there only while True."""

    type: str = Field(description="Kind of observation: Ready, Reconciling, Stalled and others.", max_length=316)
    status: Literal["True", "False", "Unknown"] = Field(description="Whether it holds.")
    observed_generation: int | None = Field(None, description="Generation of the spec that was observed.")
    last_transition_time: str = Field(
        description="When `status` last changed.", json_schema_extra=checked(format="date-time")
    )
    reason: str = Field(description="One CamelCase word that programs may rely on.", max_length=1024)
    message: str = Field(description="A message for people: what the state is and what to do.", max_length=32768)


class Effective(Model):
    """What was derived from the spec."""

    router: str | None = Field(None, description="Router in use.")
    affinity: str | None = Field(None, description="Affinity in use.")
    read_timeout_seconds: int | None = Field(None, description="Proxy read timeout in seconds.")
    send_timeout_seconds: int | None = Field(None, description="Proxy send timeout in seconds.")
    max_body_bytes: int | None = Field(None, description="Largest request body that the proxy lets through.")
    adapter: str | None = Field(None, description="Adapter in use.")
    broker: str | None = Field(None, description="Address of the managed broker, or the Secret of an external one.")
    broker_data: str | None = Field(None, description="How long the managed broker keeps what the adapter stores.")


class PerPod(Model):
    """Least and most of the ready pods."""

    min: int = Field(description="Of the emptiest pod.")
    max: int = Field(description="Of the fullest pod.")


class Clients(Model):
    """Connections as the runtimes count them. Changes of less than a tenth are not told."""

    connected: int = Field(description="Connections of all ready pods.")
    per_pod: PerPod = Field(description="How they spread.")


class ClusterStatus(Model):
    """Observed state, for kubectl wait, Helm, Argo CD and Flux alike."""

    observed_generation: int | None = Field(None, description="Generation of the spec that this status describes.")
    replicas: int | None = Field(None, description="Pods that exist.")
    ready_replicas: int | None = Field(None, description="Pods that are ready.")
    selector: str | None = Field(None, description="Label selector of the pods, for the scale subresource.")
    url: str | None = Field(None, description="Where clients connect to.")
    clients: Clients | None = Field(None, description="Who is connected.")
    last_verified: str | None = Field(
        None,
        description="When traffic last showed that sessions stick and broadcasts cross; while it does, an hour ago at "
        "most.",
        json_schema_extra=checked(format="date-time"),
    )
    effective: Effective | None = Field(None, description="What was derived from the spec.")
    conditions: tuple[Condition, ...] = Field(
        default=(),
        description="Observations: Ready, Reconciling, Stalled; Available, AdapterInjected; Sticky, Broadcasting, "
        "Balanced and Routed, which traffic shows.",
        json_schema_extra=map_list("type", max_items=24),
    )
