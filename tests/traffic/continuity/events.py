"""The names of the events, in the order of the tables of docs/continuity.md and docs/routers.md."""

ROLLED = "rolling restart of 3 pods"
DELETED = "one pod deleted"
KILLED = "one pod's process killed (-9)"
SCALED_UP = "scaled from 3 to 5 pods"
SCALED_DOWN = "scaled from 5 to 2 pods"
DRAINED = "a node drained (evictions)"
NODE_KILLED = "a node killed, back after it was given up"
REDIS_KILLED = "Redis killed (-9)"
REDIS_FROZEN = "Redis frozen for 10 s"
REDIS_DELETED = "Redis' pod deleted, its data gone"
REDIS_DELETED_STORED = "Redis' pod deleted, its data on a volume"
REDIS_UNPULLABLE = "Redis' pod deleted, its image not to be had for 60 s, its data gone"
ROUTER_RESTARTED = "the router restarted"
NO_AFFINITY = "no affinity, nothing happens"
NO_AFFINITY_DELETED = "no affinity, one pod deleted"

EVENTS = (
    *(ROLLED, DELETED, KILLED, SCALED_UP, SCALED_DOWN, DRAINED, NODE_KILLED),
    *(REDIS_KILLED, REDIS_FROZEN, REDIS_DELETED_STORED, REDIS_DELETED, REDIS_UNPULLABLE),
    *(ROUTER_RESTARTED, NO_AFFINITY, NO_AFFINITY_DELETED),
)


def control(event: str, off: str) -> str:
    """The name of the same event where something is off: `forwarding`, `mirror` or both."""
    return f"{event}; {off} off"


BOTH = "forwarding and mirror"
WITHOUT_RECOVERY = f"{DELETED}; adapter redis, which recovers nothing"
CONTROLS = (
    *(control(event, BOTH) for event in (DELETED, KILLED)),
    *(control(event, "forwarding") for event in (ROLLED, SCALED_UP)),
    control(KILLED, "mirror"),
    WITHOUT_RECOVERY,
)

ONE_MORE = "3 to 4 pods"
ONE_LESS = "4 to 3 pods"
PROXY_KILLED = "one of two proxies killed (-9)"
PROXY_ROLLED = "rolling restart of 2 proxies"
OPERATOR_AWAY = "operator away for 60 s, one pod deleted"
OF_PROXIES = (ONE_MORE, ONE_LESS, ROLLED, PROXY_KILLED, PROXY_ROLLED, OPERATOR_AWAY)


def proxied(event: str, setup: str) -> str:
    """The name of an event with a proxy that the operator runs; `setup` is PROGRAM-AFFINITY."""
    return f"{setup}: {event}"
