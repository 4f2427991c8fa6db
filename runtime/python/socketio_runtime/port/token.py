"""The token of the side port: shown as it is by those who drain, proved by the pods to each other and by the operator's
own client.

Between pods the token itself never crosses the network: an address may have been given to somebody else meanwhile.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time

from ..log import log

PROOF_MILLISECONDS = 60_000


def authorized(file: str | None, authorization: str) -> bool:
    """Whether a request carries the token. The file is read each time, so a token can be replaced; the comparison
    takes the same time whatever is sent.

    `authorization`: the request's header.
    """
    expected = _token(file)
    match = re.fullmatch(r"Bearer +(\S+)", authorization.strip(), re.IGNORECASE)
    given = match.group(1) if match else ""
    same = hmac.compare_digest(_digest(given), _digest(expected))
    return same and bool(expected) and bool(given)


def peer_authorization(file: str | None, dialled: str) -> str:
    """The header Authorization for a connection to another pod's runtime.

    `dialled`: its address and port.
    """
    moment = _milliseconds()
    return f"Peer {moment}.{_proof(_token(file), dialled, moment)}"


def peer_authorized(file: str | None, own: str, authorization: str) -> bool:
    """Whether a request comes from another pod that means this one, `own` (address and port), now."""
    token = _token(file)
    match = re.fullmatch(r"Peer ([0-9]{1,15})\.([0-9a-f]{64})", authorization)
    if not token or not match or abs(int(match.group(1)) - _milliseconds()) > PROOF_MILLISECONDS:
        return False
    return hmac.compare_digest(match.group(2), _proof(token, own, int(match.group(1))))


def canary(file: str | None, proof: object) -> bool:
    """Whether the operator's own client, or somebody else who knows the token, sent this."""
    if not isinstance(proof, str) or not re.fullmatch("[0-9a-f]{64}", proof, re.ASCII):
        return False
    # anybody may ask, so a file that cannot be read is no news
    token = _token(file, tell=False)
    expected = hmac.new(token.encode("utf-8"), b"canary", hashlib.sha256).hexdigest()
    return hmac.compare_digest(proof, expected) and bool(token)


def _proof(token: str, dialled: str, moment: int) -> str:
    return hmac.new(token.encode("utf-8"), f"peer {dialled} {moment}".encode(), hashlib.sha256).hexdigest()


def _milliseconds() -> int:
    return int(time.time() * 1000)


def _token(file: str | None, tell: bool = True) -> str:
    if not file:
        return ""
    try:
        with open(file, encoding="utf-8") as opened:
            return opened.read().strip()
    except (OSError, ValueError) as error:
        if tell:
            log(f"token file: {type(error).__name__}, drain and shed are refused")
        return ""


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
