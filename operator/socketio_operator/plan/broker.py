"""What an external broker answered, in fixed sentences: no text of a server or of a URL reaches the status."""

from enum import StrEnum


class BrokerAnswer(StrEnum):
    """How a broker answered a login and one harmless command.

    `WELL`: it serves this user. `SILENT`: no address, no connection, closed, starting, full, or too slow.
    `REFUSED`: not with these credentials. `NOT_ALLOWED`: the credentials hold, but not for this database or command.
    `FOREIGN`: another protocol, malformed, an error, or more than a probe may read or compute.
    `UNASKED`: it wants what only the pods may have (a private authority's certificate, Kerberos, a client certificate),
    so the pods tell. `INVALID`: the URL does not parse; nobody was asked.
    """

    WELL = "well"
    SILENT = "silent"
    REFUSED = "refused"
    NOT_ALLOWED = "not-allowed"
    FOREIGN = "foreign"
    UNASKED = "unasked"
    INVALID = "invalid"


_EXAMPLES = {
    "redis": "redis://[user:password@]host:port or rediss://...",
    "postgres": "postgres://user:password@host:port/database",
    "mongodb": "mongodb://user:password@host:port/database?replicaSet=...",
}


def sentence(answer: BrokerAnswer, where: str, example: str) -> tuple[str, str] | None:
    """Reason and message; None if there is nothing to tell.

    `where` names the Secret and key, for people; `example` is the adapter's first scheme.
    """
    match answer:
        case BrokerAnswer.WELL | BrokerAnswer.UNASKED:
            return None
        case BrokerAnswer.SILENT:
            return "BrokerNotReady", f"The broker does not answer at the URL in {where}; the operator keeps asking."
        case BrokerAnswer.REFUSED:
            return "BrokerAuthFailed", f"The broker refuses user or password of the URL in {where}."
        case BrokerAnswer.NOT_ALLOWED:
            return (
                "BrokerAuthFailed",
                f"The broker accepts the user of the URL in {where}, but not for its database; "
                "create the database or grant the user access.",
            )
        case BrokerAnswer.FOREIGN:
            return (
                "BrokerNotReady",
                f"The server at the URL in {where} answers with an error, or not as a {example} server.",
            )
        case BrokerAnswer.INVALID:
            return "BrokerUrlInvalid", f"{where} is not a {example} URL; write {_EXAMPLES[example]}."
