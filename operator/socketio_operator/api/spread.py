"""How the server's pods are spread, as in a pod's `topologySpreadConstraints`."""

from typing import Literal

from pydantic import Field

from socketio_operator.api.base import Model, checked, rule
from socketio_operator.api.selectors import LabelSelector


class SpreadConstraint(
    Model,
    json_schema_extra=checked(
        rule(
            "!has(self.minDomains) || self.whenUnsatisfiable == 'DoNotSchedule'",
            "minDomains counts with whenUnsatisfiable DoNotSchedule alone; set it or remove minDomains.",
        )
    ),
):
    """One rule of how pods are spread over nodes or zones."""

    max_skew: int = Field(1, description="By how many pods the fullest may exceed the emptiest. Default: 1.", ge=1)
    topology_key: str = Field(
        description="Label of nodes whose values are the places. Example: `topology.kubernetes.io/zone`.",
        min_length=1,
        max_length=316,
    )
    when_unsatisfiable: Literal["ScheduleAnyway", "DoNotSchedule"] = Field(
        "ScheduleAnyway", description="What happens to a pod that fits nowhere. Default: `ScheduleAnyway`."
    )
    min_domains: int | None = Field(
        None, description="At least so many places, with `DoNotSchedule`. Default: 1.", ge=1, le=1000
    )
    label_selector: LabelSelector | None = Field(
        None, description="Which pods are counted. Default: those of this server, within one rollout."
    )
    node_affinity_policy: Literal["Honor", "Ignore"] | None = Field(
        None, description="Whether nodes that the pods may not run on are counted. Default: `Honor`."
    )
    node_taints_policy: Literal["Honor", "Ignore"] | None = Field(
        None, description="Whether nodes with taints that pods do not tolerate are counted. Default: `Ignore`."
    )
