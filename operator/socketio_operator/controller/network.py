"""What the environment says of the network."""

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


def proxy_from_environment(server: str) -> str | None:
    """The proxy that HTTPS_PROXY (HTTP_PROXY for plain http) and NO_PROXY ask for on the way to a server."""
    parts = urlsplit(server)
    return None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)
