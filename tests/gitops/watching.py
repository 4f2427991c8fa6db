"""Objects that deliver others: applied for a while, and looked at until they say what is waited for."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from tests.cluster.kubectl import Kubectl
from tests.cluster.waiting import wait_for

DELETION_SECONDS = 120

State = TypeVar("State")


@contextmanager
def applied(kubectl: Kubectl, manifest: Mapping[str, Any]) -> Iterator[str]:
    """The object's name, for as long as the block runs; then all that it brought is deleted, and waited for."""
    kind, name = manifest["kind"], manifest["metadata"]["name"]
    kubectl.apply(dict(manifest))
    try:
        yield name
    finally:
        kubectl("delete", kind, name, f"--timeout={DELETION_SECONDS}s", timeout=DELETION_SECONDS + 5)


def seen_until(
    look: Callable[[], State],
    arrived: Callable[[State], bool],
    seconds: float,
    what: str,
    *,
    tolerate: tuple[type[Exception], ...] = (),
) -> list[State]:
    """Look until it has arrived; the states that were seen until then. Raises TimeoutError with them.

    An exception of a type in `tolerate` counts as "not yet".
    """
    seen: list[State] = []

    def there() -> bool:
        now = look()
        if not seen or seen[-1] != now:
            seen.append(now)
        return arrived(now)

    try:
        wait_for(there, seconds, what, tolerate=tolerate)
    except TimeoutError as error:
        raise TimeoutError("\n".join((str(error), *map(str, seen)))) from None
    return seen
