"""Which pods are meant, by their labels or addresses."""

from pydantic import Field

from socketio_operator.api.base import Model, checked, rule
from socketio_operator.api.pod import Labels
from socketio_operator.api.proxy import Cidr


class LabelSelector(Model):
    """Objects with all of these labels."""

    match_labels: Labels = Field(
        description="Labels that they have; `{}` for all. Example: `{team: chat}`.",
        json_schema_extra=checked(maxProperties=32),
    )


class Peer(
    Model,
    json_schema_extra=checked(
        rule(
            "has(self.cidr) ? !has(self.namespaceSelector) && !has(self.podSelector) : has(self.namespaceSelector) || "
            "has(self.podSelector)",
            "Each peer takes either cidr, or namespaceSelector, podSelector or both.",
        )
    ),
):
    """Who may connect, as in a NetworkPolicy."""

    namespace_selector: LabelSelector | None = Field(
        None,
        description="Namespaces. Default: the cluster's own. "
        "Example: `{matchLabels: {kubernetes.io/metadata.name: ingress}}`.",
    )
    pod_selector: LabelSelector | None = Field(
        None, description="Pods in them. Default: all. Example: `{matchLabels: {app: prometheus}}`."
    )
    cidr: Cidr | None = Field(None, description="Addresses. Default: none. Example: `10.0.0.0/8`.")
