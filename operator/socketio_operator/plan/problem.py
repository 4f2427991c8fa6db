"""What keeps a cluster from being as asked for, and how much of it each problem keeps from being written."""

from dataclasses import dataclass
from enum import StrEnum

from socketio_operator.desired.kinds import Ref

TEXT_LIMIT = 1000


class Scope(StrEnum):
    """What a problem blocks: nothing, one child, the pod template of one workload, or every write."""

    NOTHING = "nothing"
    CHILD = "child"
    TEMPLATE = "template"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Problem:
    """`reason` is CamelCase, `message` one sentence. `child`: which one, for the scopes CHILD and TEMPLATE."""

    reason: str
    message: str
    scope: Scope = Scope.NOTHING
    child: Ref | None = None


def one_line(text: str, limit: int = TEXT_LIMIT) -> str:
    """Text of others as part of a sentence: one line of printable characters, at most `limit` of them."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:limit]).strip()
