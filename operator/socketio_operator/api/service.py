"""The Service by which clients reach the pods without a router of their own."""

from typing import Literal

from pydantic import Field

from socketio_operator.api.annotations import foreign_annotations
from socketio_operator.api.base import Model, checked, rule
from socketio_operator.api.pod import Annotations, Labels, foreign_labels


class ServiceSettings(
    Model,
    json_schema_extra=checked(
        rule(
            "!has(self.externalTrafficPolicy) || self.type != 'ClusterIP'",
            "externalTrafficPolicy needs service.type NodePort or LoadBalancer; set one of them or remove it.",
        ),
        rule(
            "!has(self.loadBalancerClass) || self.type == 'LoadBalancer'",
            "loadBalancerClass needs service.type LoadBalancer; set it or remove loadBalancerClass.",
        ),
    ),
):
    """A Service that clients, or a load balancer of yours, reach."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = Field(
        "ClusterIP", description="Type of the Service. Default: `ClusterIP`."
    )
    annotations: Annotations = Field(
        default_factory=dict,
        description="Annotations of the Service. Default: none. "
        "Example: `{service.beta.kubernetes.io/aws-load-balancer-type: external}`.",
        json_schema_extra=foreign_annotations("service.annotations"),
    )
    labels: Labels = Field(
        default_factory=dict,
        description="Labels added to the Service. Default: none. Example: `{team: chat}`.",
        json_schema_extra=foreign_labels("service.labels"),
    )
    load_balancer_class: str | None = Field(
        None,
        description="Class of the load balancer; it cannot change later. Default: the cluster's. "
        "Example: `service.k8s.aws/nlb`.",
        min_length=1,
        max_length=253,
    )
    external_traffic_policy: Literal["Cluster", "Local"] | None = Field(
        None,
        description="`Local` keeps the clients' addresses, which `affinity: clientIP` needs. Default: `Local` with "
        "type LoadBalancer or NodePort.",
    )
    traffic_distribution: Literal["PreferSameZone", "PreferSameNode"] | None = Field(
        None, description="Which endpoints are preferred inside the cluster. Default: none is preferred."
    )
