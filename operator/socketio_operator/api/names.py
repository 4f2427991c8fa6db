"""How the server's pods resolve names."""

from typing import Annotated

from pydantic import Field

from socketio_operator.api.base import Model, checked

Name = Annotated[str, Field(max_length=253)]
Address = Annotated[str, Field(max_length=45)]


class DnsOption(Model):
    """An option of the resolver."""

    name: str = Field(description="Name of the option. Example: `ndots`.", min_length=1, max_length=63)
    value: str | None = Field(None, description="Its value. Example: `'2'`.", max_length=63)


class DnsConfig(Model):
    """What is added to the pods' resolv.conf."""

    nameservers: tuple[Address, ...] = Field(
        default=(), description="Addresses of name servers. Default: none.", json_schema_extra=checked(maxItems=3)
    )
    searches: tuple[Name, ...] = Field(
        default=(), description="Domains that are searched. Default: none.", json_schema_extra=checked(maxItems=32)
    )
    options: tuple[DnsOption, ...] = Field(
        default=(), description="Options. Default: none.", json_schema_extra=checked(maxItems=16)
    )


class HostAlias(Model):
    """An entry of the pods' hosts file."""

    ip: str = Field(description="The address. Example: `10.0.0.8`.", min_length=1, max_length=45)
    hostnames: tuple[Name, ...] = Field(
        description="Names for it. Example: `[legacy.example]`.", min_length=1, json_schema_extra=checked(maxItems=32)
    )
