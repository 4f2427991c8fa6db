"""As whom the pods' processes run, within the pod security level `restricted`."""

from typing import Annotated, Literal

from pydantic import Field

from socketio_operator.api.base import Model, checked, rule

Id = Annotated[int, Field(ge=1, le=2147483647)]


class SecurityContext(
    Model,
    json_schema_extra=checked(
        rule(
            "self.identity == 'fixed' || !(has(self.runAsUser) || has(self.runAsGroup) || has(self.fsGroup) || "
            "has(self.supplementalGroups))",
            "With pod.securityContext.identity platform the platform chooses user and groups; remove runAsUser, "
            "runAsGroup, fsGroup and supplementalGroups.",
        )
    ),
):
    """User, groups and root file system. The rest is always what `restricted` asks for: not root, no capabilities, no
    privilege escalation, seccomp profile RuntimeDefault."""

    identity: Literal["fixed", "platform"] = Field(
        "fixed",
        description="`fixed`: the ids set here. `platform`: no pod of the cluster sets any id, including those of "
        "Redis and the proxy, for platforms that assign one to each namespace, as OpenShift does; "
        "elsewhere the images must then name a user by number. Default: `fixed`.",
    )
    run_as_user: Id | None = Field(
        None, description="User id of the processes; root is not allowed. Default: that of `pod.runAsUser`, 1000."
    )
    run_as_group: Id | None = Field(
        None, description="Group id of the processes. Default: that of `pod.runAsGroup`, the image's own."
    )
    fs_group: Id | None = Field(
        None, description="Group that owns mounted volumes. Default: that of `pod.fsGroup`, none. Example: `1000`."
    )
    supplemental_groups: tuple[Id, ...] | None = Field(
        None,
        description="Additional groups of the processes. Default: none. Example: `[2000]`.",
        min_length=1,
        json_schema_extra=checked(maxItems=16),
    )
    read_only_root_filesystem: bool = Field(
        False,
        description="All containers of the pods can write to volumes only. The server then has its own empty `/tmp`, "
        "unless volumeMounts has one. Default: false.",
    )
