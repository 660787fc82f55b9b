"""Ways out of the house: which are configured, and whether each is told all that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

CONSOLE = "security.delivery.channels.ConsoleChannel"
ALWAYS = {
    "email": "security.delivery.channels.EmailChannel",
    "portal": "security.delivery.channels.PortalChannel",
    "letter": "security.delivery.channels.PaperChannel",
}
# Channel -> its class, and the settings it takes, all or none of them.
ASKED_FOR = {
    "sms": ("security.delivery.sms.SmsChannel", ("SMS_URL", "SMS_TOKEN")),
    "wechat": (
        "security.delivery.wechat.WeChatChannel",
        ("WECHAT_APP_ID", "WECHAT_SECRET", "WECHAT_TEMPLATE"),
    ),
    "wecom": (
        "security.delivery.wechat.WeComChannel",
        ("WECOM_CORP_ID", "WECOM_SECRET", "WECOM_AGENT_ID"),
    ),
}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def channels(said: Mapping[str, Any], *, is_demo: bool) -> dict[str, str]:
    """Return the channels in use; raise ImproperlyConfigured for one that is told half of what it needs."""
    found = dict(ALWAYS)
    for name, (path, needed) in ASKED_FOR.items():
        given = [bool(said[one]) for one in needed]
        if any(given) and not all(given):
            raise ImproperlyConfigured(f"{name} needs each of: {', '.join(needed)}.")
        if all(given):
            found[name] = path
    for name in ("SMS_URL", "WECHAT_URL", "WECOM_URL"):
        parts = urlsplit(said[name])
        if said[name] and parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise ImproperlyConfigured(f"CUSTODIA_{name} must begin with https://.")
    if said["REPLIES_SECRET"] and len(said["REPLIES_SECRET"]) < 32:
        raise ImproperlyConfigured("CUSTODIA_REPLIES_SECRET must hold at least 32 characters.")
    begins, _, ends = said["QUIET_HOURS"].partition("-")
    try:
        time.fromisoformat(begins), time.fromisoformat(ends)
    except ValueError:
        raise ImproperlyConfigured("CUSTODIA_QUIET_HOURS looks like 21:00-08:00.") from None
    return found | (dict.fromkeys(("email", *ASKED_FOR), CONSOLE) if is_demo else {})
