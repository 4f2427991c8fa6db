"""What the API server refuses, and what that means for trying again."""

import json

import aiohttp


class ApiError(Exception):
    """The API server refused a request. `status` is the HTTP code, `message` its own sentence.

    `namespace_ends`: nothing can be made in the namespace any more, as it is being deleted. `retry_after`: seconds that
    the server asks to wait, 0 if it does not say.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        causes: frozenset[str] = frozenset(),
        retry_after: float = 0.0,
        fields: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status, self.reason, self.message, self.retry_after = status, reason, message, retry_after
        self.namespace_ends = "NamespaceTerminating" in causes
        self._fields = fields

    @property
    def is_replaced(self) -> bool:
        """Whether another object is there, another state of it, or none: what was decided was about the past."""
        # A uid that is not the object's makes an apply answer 422 (Kubernetes 1.36).
        return self.status in (404, 409) or (self.status == 422 and "metadata.uid" in self._fields)

    @property
    def is_rejection(self) -> bool:
        """Whether the content itself is refused, so that trying again does not help."""
        # A field that the schema does not know makes a server-side apply answer 500 (Kubernetes 1.36).
        unknown_field = self.status == 500 and self.message.startswith("failed to create typed patch object")
        return not self.namespace_ends and (self.status in (400, 403, 422) or unknown_field)


async def error_of(response: aiohttp.ClientResponse) -> ApiError:
    """The error that an answer of 400 or above tells."""
    text = await response.text(errors="replace")
    try:
        status = json.loads(text)
    except ValueError:
        status = {}
    if not isinstance(status, dict):
        status = {}
    details = status.get("details") or {}
    causes = details.get("causes") or ()
    return ApiError(
        response.status,
        status.get("reason", response.reason or ""),
        status.get("message", text[:500]),
        frozenset(cause.get("reason", "") for cause in causes),
        _seconds(response.headers.get("Retry-After", "")),
        frozenset(cause.get("field", "") for cause in causes),
    )


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() else 0.0
