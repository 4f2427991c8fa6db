"""The bearer token of the side port."""

from __future__ import annotations

import hashlib
import hmac
import re

from .log import log


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


def _token(file: str | None) -> str:
    if not file:
        return ""
    try:
        with open(file, encoding="utf-8") as opened:
            return opened.read().strip()
    except (OSError, ValueError) as error:
        log(f"token file: {type(error).__name__}, drain and shed are refused")
        return ""


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
