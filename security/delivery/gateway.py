"""Talking to gateways over HTTPS: bounded, never sent on, certificates checked, answers small JSON."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from django.conf import settings

from security.delivery.bounds import TooLong, Watch
from security.delivery.channels import NotDelivered

MOST_BYTES = 64 * 1024
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
# What the other side says of the message itself: asking again changes nothing.
REFUSED = {400, 404, 409, 410, 413, 415, 422}


def ask(
    address: str,
    *,
    body: Mapping[str, Any] | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return a gateway's answer to a POST of JSON, or to a GET without a body; raise NotDelivered."""
    parts = urlsplit(address)
    path = parts.path or "/"
    if query:
        path = f"{path}?{urlencode(query)}"
    sent = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    named = {"Accept": "application/json", **(headers or {})}
    if sent is not None:
        named["Content-Type"] = "application/json; charset=utf-8"
    try:
        status, content = _talk(parts, "GET" if sent is None else "POST", path, sent, named)
    except ssl.SSLCertVerificationError:
        raise NotDelivered("certificate") from None
    except (TooLong, TimeoutError):
        raise NotDelivered("timeout") from None
    except (http.client.HTTPException, ValueError, ssl.SSLError):
        # What was read is of no use, and may hold an address; only the kind is told.
        raise NotDelivered("answer") from None
    except OSError as error:
        raise NotDelivered(type(error).__name__) from None
    return _understood(status, content)


def _talk(
    parts: SplitResult, method: str, path: str, sent: bytes | None, headers: Mapping[str, str]
) -> tuple[int, bytes]:
    with Watch() as watch:
        connection = _open(parts, watch)
        try:
            connection.request(method, path, sent, dict(headers))
            answer = connection.getresponse()
            content = answer.read(MOST_BYTES + 1)
        finally:
            connection.close()
    if len(content) > MOST_BYTES:
        raise NotDelivered("answer")
    return answer.status, content


def _open(parts: SplitResult, watch: Watch) -> http.client.HTTPConnection:
    host, is_secure = parts.hostname or "", parts.scheme == "https"
    # Without TLS only to this very machine.
    if not is_secure and (parts.scheme != "http" or host not in LOOPBACK):
        raise NotDelivered("address")
    port = parts.port or (443 if is_secure else 80)
    connection = http.client.HTTPConnection(host, port)
    connection.auto_open = 0
    line: socket.socket = watch.connect(host, port)
    if is_secure:
        try:
            line = _trusted().wrap_socket(line, server_hostname=host)
        except OSError:
            line.close()
            raise
    connection.sock = line
    return connection


def _trusted() -> ssl.SSLContext:
    roots = settings.GATEWAY_ROOTS
    if roots and not Path(roots).is_file():
        raise NotDelivered("certificate")
    return ssl.create_default_context(cafile=roots or None)


def _understood(status: int, content: bytes) -> dict[str, Any]:
    if 300 <= status < 400:
        raise NotDelivered("redirect")
    if status in REFUSED:
        raise NotDelivered("refused", is_final=True)
    if not 200 <= status < 300:
        raise NotDelivered(f"answer {status}")
    try:
        said = json.loads(content)
    except ValueError:
        raise NotDelivered("answer") from None
    if not isinstance(said, dict):
        raise NotDelivered("answer")
    return said
