"""What one probe may take, and how it ends early."""

from dataclasses import dataclass

from socketio_operator.plan.broker import BrokerAnswer


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one probe, however many hosts it asks.

    `seconds`: from the first DNS query to the last byte. `total_bytes`: read from one connection, TLS included;
    `message_bytes`: of one line or message. `rounds`: of PBKDF2, 0.1 s of a core; unless told otherwise servers ask for
    4096 to 15000.
    """

    seconds: float = 3.0
    total_bytes: int = 128 * 1024
    message_bytes: int = 16 * 1024
    rounds: int = 200_000


class AnsweredError(Exception):
    """The probe of one host is over before its end: the answer is known."""

    def __init__(self, answer: BrokerAnswer) -> None:
        super().__init__(answer)
        self.answer = answer
