"""Asks DNS and the pods' side ports, each for a bounded time."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from typing import Any, Iterable, Mapping

ANSWER_SECONDS = 1.0
AT_ONCE = 16
MOST_BYTES = 256 * 1024


def addresses_of(names: Iterable[str]) -> set[str] | None:
    """The addresses behind the names; None if no name server answers."""
    found: set[str] = set()
    answered = False
    for name in names:
        try:
            found |= {str(place[0]) for *_, place in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)}
            answered = True
        except socket.gaierror as error:
            answered = answered or error.errno == socket.EAI_NONAME
        except (OSError, UnicodeError):
            continue
    return found if answered else None


def ask_all(ips: Iterable[str], port: int) -> dict[str, Mapping[str, Any] | None]:
    """IP -> what its side port says at /status; None: no answer."""
    waiting = list(ips)
    answers: dict[str, Mapping[str, Any] | None] = {}

    def work() -> None:
        while waiting:
            try:
                ip = waiting.pop()
            except IndexError:
                return
            answers[ip] = _status(ip, port)

    threads = [
        threading.Thread(target=work, name="socketio-runtime-discovery", daemon=True)
        for _ in range(min(AT_ONCE, len(waiting)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _status(ip: str, port: int) -> Mapping[str, Any] | None:
    connection = http.client.HTTPConnection(ip, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/status", headers={"connection": "close"})
        status = json.loads(connection.getresponse().read(MOST_BYTES))
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    number = status.get("connections") if isinstance(status, dict) else None
    return status if isinstance(number, (int, float)) and not isinstance(number, bool) else None
