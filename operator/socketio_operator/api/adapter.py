"""How the pods reach each other: the Socket.IO adapter and its broker."""

from typing import Annotated, Literal

from pydantic import Field

from socketio_operator.api.base import Model, checked, object_name, rule, secret_key, without_default
from socketio_operator.api.pod import Annotations, Labels, Resources, Scheduling, foreign_labels, restricted_annotations

EnvName = Annotated[
    str,
    Field(
        max_length=253,
        json_schema_extra=checked(
            rule(
                "self.matches('^[A-Za-z_][A-Za-z0-9_]*$')",
                "An environment name is made of letters, digits and _ and does not begin with a digit, "
                "such as REDIS_URL.",
            )
        ),
    ),
]

IMAGE_RULE = rule(
    "self.matches('^[A-Za-z0-9][A-Za-z0-9._:/@-]*$')",
    "image must be an image reference such as registry.example/chat:1.4.",
)


_URL_VARIABLES = {"postgres": "DATABASE_URL", "mongo": "MONGODB_URI"}


class Storage(Model):
    """A volume for the data of Redis."""

    size: str = Field(
        description="Size of the volume. It can grow where the StorageClass allows it, and never shrinks. "
        "Example: `2Gi`.",
        max_length=32,
        json_schema_extra=checked(
            rule(
                "self.matches('^[0-9]+([.][0-9]+)?(k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$') && self.matches('[1-9]')",
                "storage.size must be a quantity of bytes such as 2Gi.",
            )
        ),
    )
    storage_class_name: str | None = Field(
        None,
        description="StorageClass of the volume; it cannot change later. Default: the cluster's. Example: `fast`.",
        min_length=1,
        max_length=253,
    )


class RedisPod(Scheduling):
    """Metadata and scheduling of the pod of Redis. Each change replaces it: without a volume its data goes."""

    labels: Labels = Field(
        default_factory=dict,
        description="Labels added to the pod. Default: none. Example: `{team: chat}`.",
        json_schema_extra=foreign_labels("adapter.managed.pod.labels"),
    )
    annotations: Annotations = Field(
        default_factory=dict,
        description="Annotations added to the pod. Default: none. Example: `{example.com/team: chat}`.",
        json_schema_extra=restricted_annotations("adapter.managed.pod.annotations"),
    )


class ManagedBroker(Model):
    """The Redis that the operator runs."""

    image: str | None = Field(
        None,
        description="Image of Redis 7 or Valkey. Default: a setting of the operator. Example: `redis:7.4`.",
        min_length=1,
        max_length=1024,
        json_schema_extra=checked(IMAGE_RULE),
    )
    resources: Resources | None = Field(
        None,
        description="Compute resources of Redis. Its `maxmemory` is derived from the memory limit: half of it where "
        "data is kept on disk, else three quarters. Default: requests of 50m CPU and 64Mi memory, a limit of 256Mi "
        "memory. Example: `{limits: {memory: 1Gi}}`.",
    )
    storage: Storage | None = Field(
        None,
        description="Keeps the data of Redis on a PersistentVolumeClaim, which is deleted with the cluster, or when "
        "this is removed. Default: none; the data lives as long as the pod of Redis. Example: `{size: 2Gi}`.",
    )
    pod: RedisPod = Field(
        RedisPod(),
        description="Metadata and scheduling of the pod of Redis. Default: `{}`. "
        "Example: `{priorityClassName: important, nodeSelector: {disk: ssd}}`.",
    )
    pod_disruption_budget: bool = Field(
        True,
        description="Whether Redis has a PodDisruptionBudget, which lets drains of nodes move it. With false you may "
        "write your own: a pod that two of them select cannot be evicted at all. Default: true.",
    )


class Authority(Model):
    """A Secret with the certificate of a private authority."""

    name: str = object_name("the Secret")
    key: str = secret_key("ca.crt", "the certificates, as PEM")


class ExternalBroker(Model):
    """A broker that exists already; its URL is read from a Secret."""

    secret_name: str = object_name("the Secret")
    key: str = Field("url", description="Key that holds the URL. Default: `url`.", min_length=1, max_length=253)
    restart_on_change: bool = Field(
        False,
        description="Roll out the pods when the URL in the Secret changes: they read it only when they start. "
        "Default: false; the condition CredentialsStale then reports the change.",
    )
    ca_secret: Authority | None = Field(
        None,
        description="The authority that signed the broker's certificate, for the runtime's connections over TLS; the "
        "app's own connections need it by `volumes`. Pods read it when they start. Default: the authorities that the "
        "image trusts. Example: `{name: redis-ca, key: ca.crt}`.",
    )


class BrokerEnv(Model):
    """Names of the environment variables by which the app finds its broker."""

    url: EnvName | None = Field(
        None,
        description="Gets the broker's URL with user and password. Default: `REDIS_URL` for the Redis adapters, "
        "`DATABASE_URL` for `postgres`, `MONGODB_URI` for `mongo`.",
    )
    host: EnvName | None = Field(None, description="Gets the host name. Default: not set. Example: `REDIS_HOST`.")
    port: EnvName | None = Field(None, description="Gets the port. Default: not set. Example: `REDIS_PORT`.")
    username: EnvName | None = Field(None, description="Gets the user name. Default: not set. Example: `REDIS_USER`.")
    password: EnvName | None = Field(
        None, description="Gets the password. Default: not set. Example: `REDIS_PASSWORD`."
    )


class Adapter(
    Model,
    json_schema_extra=checked(
        rule(
            "self.broker == 'external' ? has(self.external) : !has(self.external)",
            "adapter.broker external needs adapter.external.secretName, the Secret with the broker's URL; "
            "adapter.broker managed takes no adapter.external.",
        ),
        rule(
            "!has(self.type) || !(self.type in ['postgres', 'mongo']) || self.broker == 'external'",
            "The operator runs Redis only; for adapter.type postgres or mongo set adapter.broker to external and "
            "adapter.external.secretName to the Secret with the database's URL.",
        ),
        rule(
            "self.broker == 'managed' || !has(self.managed)",
            "adapter.managed describes the Redis that the operator runs; remove it or set adapter.broker to managed.",
        ),
        rule(
            "self.broker == 'managed' || !(has(self.env.host) || has(self.env.port) || has(self.env.username) "
            "|| has(self.env.password))",
            "With adapter.broker external only adapter.env.url can be mapped; take host, port, username and "
            "password from your Secret by spec.env.",
        ),
    ),
):
    """The adapter and its broker."""

    type: Literal["redis", "redis-sharded", "redis-streams", "postgres", "mongo", "none"] = Field(
        "redis",
        description="Adapter of the app: `redis` (pub/sub), `redis-sharded` (pub/sub, a channel for each room), "
        "`redis-streams` (keeps events over a Redis restart, allows connection state recovery), `postgres` "
        "(LISTEN/NOTIFY), `mongo` (change streams), `none` (broadcasts stay on one pod). Default: with "
        "`runtime.inject: node` `redis-streams`, with connection state recovery; else `redis`.",
        json_schema_extra=without_default,
    )
    broker: Literal["managed", "external"] = Field(
        "managed",
        description="`managed`: the operator runs Redis beside the app. `external`: yours. Default: `managed`.",
    )
    managed: ManagedBroker | None = Field(None, description="Settings of the managed broker. Default: none.")
    external: ExternalBroker | None = Field(
        None, description="The external broker. Example: `{secretName: shared-redis, key: url}`."
    )
    prefix: str | None = Field(
        None,
        description="Prefix of channels, streams and keys in the broker: pods with the same prefix receive each "
        "other's broadcasts. Default: `NAMESPACE.NAME` with an external broker, which others may use too; "
        "`socket.io` with the managed one. Example: `shop`.",
        max_length=128,
        json_schema_extra=checked(
            rule(
                "self.matches('^[A-Za-z0-9][A-Za-z0-9._-]*$')",
                "adapter.prefix is made of letters, digits and ._- and begins with a letter or digit, such as shop.",
            )
        ),
    )
    env: BrokerEnv = Field(
        BrokerEnv(),
        description="Environment variables with the broker's address for the app. Default: `{}`.",
    )

    @property
    def url_variable(self) -> str:
        """The environment variable by which the app finds its broker."""
        return self.env.url or _URL_VARIABLES.get(self.type, "REDIS_URL")

    @property
    def runs_redis(self) -> bool:
        """Whether the operator runs a Redis for this adapter."""
        return self.type != "none" and self.broker == "managed"

    @property
    def storage(self) -> Storage | None:
        """The volume of the managed Redis, if it has one."""
        return self.managed.storage if self.runs_redis and self.managed else None

    @property
    def external_broker(self) -> ExternalBroker | None:
        """The external broker in use, if any."""
        return self.external if self.type != "none" and self.broker == "external" else None
