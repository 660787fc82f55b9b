"""Notices by WeChat service accounts and by WeCom: fixed words and a link, for the platform reads along."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from security.delivery import gateway
from security.delivery.channels import Letter, NotDelivered

# Codes of the platforms: the token is over, the person is unknown or no longer follows.
TOKEN_OVER = {40001, 40014, 42001}
NOBODY = {40003, 43004, 43019, 60111, 81013}
# So many seconds before its end a token counts as over.
EARLY = 300


class Tokens:
    """Keeps the access token of one account in this process; it is stored nowhere."""

    def __init__(self, fetch: Callable[[], Mapping[str, Any]]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def current(self) -> str:
        """Return a token in force, fetched where there is none."""
        with self._lock:
            if monotonic() >= self._until:
                said = self._fetch()
                token, seconds = said.get("access_token"), said.get("expires_in")
                if not isinstance(token, str) or not token or type(seconds) is not int:
                    raise NotDelivered("token")
                self._token, self._until = token, monotonic() + max(0, seconds - EARLY)
            return self._token

    def forget(self) -> None:
        """Drop the token, for the platform does not know it any more."""
        with self._lock:
            self._until = 0.0


class _Platform:
    """What both platforms share: a token, one message, an answer with a code."""

    is_repeatable = True

    def __init__(self) -> None:
        self._tokens = Tokens(self._fetch)

    def send(self, letter: Letter) -> None:
        """Hand one notice over; a token that is over is fetched anew, once."""
        code = self._post(letter)
        if code in TOKEN_OVER:
            self._tokens.forget()
            code = self._post(letter)
        if code in NOBODY:
            raise NotDelivered("recipient", is_final=True)
        if code != 0:
            raise NotDelivered(f"code {code}" if type(code) is int else "answer")

    def _post(self, letter: Letter) -> Any:
        address, body = self._message(letter)
        said = gateway.ask(address, body=body, query={"access_token": self._tokens.current()})
        return self._code(said)

    def _code(self, said: Mapping[str, Any]) -> Any:
        return said.get("errcode")

    def _fetch(self) -> Mapping[str, Any]:
        raise NotImplementedError

    def _message(self, letter: Letter) -> tuple[str, dict[str, Any]]:
        raise NotImplementedError


class WeChatChannel(_Platform):
    """Template messages of a service account (公众平台 message/template/send)."""

    def _fetch(self) -> Mapping[str, Any]:
        # The stable token: the secret travels in the body, and asking again ends no other token.
        return gateway.ask(
            f"{settings.WECHAT_URL}/cgi-bin/stable_token",
            body={
                "grant_type": "client_credential",
                "appid": settings.WECHAT_APP_ID,
                "secret": settings.WECHAT_SECRET,
            },
        )

    def _message(self, letter: Letter) -> tuple[str, dict[str, Any]]:
        return f"{settings.WECHAT_URL}/cgi-bin/message/template/send", {
            "touser": letter.address,
            "template_id": settings.WECHAT_TEMPLATE,
            "url": letter.link or settings.BASE_URL,
            # Two messages with one id within minutes are one (防重入).
            "client_msg_id": letter.key,
            "data": {"thing1": {"value": _("Your clinic")}, "thing2": {"value": _("News for you")}},
        }


class WeComChannel(_Platform):
    """Messages of a WeCom application (企业微信 message/send)."""

    def _fetch(self) -> Mapping[str, Any]:
        # This platform takes the secret in the query only; addresses of gateways are logged nowhere.
        return gateway.ask(
            f"{settings.WECOM_URL}/cgi-bin/gettoken",
            query={"corpid": settings.WECOM_CORP_ID, "corpsecret": settings.WECOM_SECRET},
        )

    def _message(self, letter: Letter) -> tuple[str, dict[str, Any]]:
        return f"{settings.WECOM_URL}/cgi-bin/message/send", {
            "touser": letter.address,
            "msgtype": "textcard",
            "agentid": settings.WECOM_AGENT_ID,
            "textcard": {
                "title": _("Your clinic"),
                "description": _("News for you"),
                "url": letter.link or settings.BASE_URL,
            },
            "enable_duplicate_check": 1,
            "duplicate_check_interval": 14400,
        }

    def _code(self, said: Mapping[str, Any]) -> Any:
        # Nobody of this name: the message is taken, and reaches nobody.
        return 81013 if said.get("invaliduser") else said.get("errcode")
