"""What settings say of clients, checked: their rate, proxies, hosts and origins."""

import re
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

ANY = "*"
HOST = re.compile(r"(\*\.)?[\w-]+(\.[\w-]+)*|\[[0-9A-Fa-f:.]+\]")


def _rate(value: str) -> str:
    from limits import parse_many  # noqa: PLC0415 - only where there is a limit

    try:
        (limit,) = parse_many(value)
    except ValueError:
        raise ValueError("must be one limit of the form 600/minute or 10/second") from None
    if not limit.amount:
        raise ValueError("must allow at least one request")
    return value


def _proxy(value: str) -> str:
    try:
        if value != ANY:
            ip_network(value)
    except ValueError:
        raise ValueError("must be an address or a network such as 10.0.0.0/8, or *") from None
    return value


def _host(value: str) -> str:
    if not HOST.fullmatch(value):
        raise ValueError("must be a host such as ltc.example or *.ltc.example, without a port")
    return value


def _origin(value: str) -> str:
    parts = urlsplit(value)
    is_origin = parts.scheme and parts.hostname and parts.username is None
    if value != ANY and (not is_origin or value != f"{parts.scheme}://{parts.netloc.lower()}"):
        raise ValueError("must be an origin such as https://ltc.example, in small letters, or *")
    return value


Rate = Annotated[str, AfterValidator(_rate)]
Proxy = Annotated[str, AfterValidator(_proxy)]
Host = Annotated[str, AfterValidator(_host)]
Origin = Annotated[str, AfterValidator(_origin)]
