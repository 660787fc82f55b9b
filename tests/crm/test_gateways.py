"""Ways out of the house: told all they need or not used, by https alone, with a secret worth the name."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from crm import gateways

NOTHING = dict.fromkeys(
    ("SMS_URL", "SMS_TOKEN", "WECHAT_APP_ID", "WECHAT_SECRET", "WECHAT_TEMPLATE", "WECOM_CORP_ID",
     "WECOM_SECRET", "WECHAT_URL", "WECOM_URL", "REPLIES_SECRET"), "",
) | {"WECOM_AGENT_ID": 0, "QUIET_HOURS": "21:00-08:00"}  # fmt: skip


def test_without_gateways_mail_portal_and_paper_are_left():
    assert set(gateways.channels(NOTHING, is_demo=False)) == {"email", "portal", "letter"}


def test_a_gateway_that_is_told_everything_is_used():
    said = NOTHING | {
        "SMS_URL": "https://sms.example/",
        "SMS_TOKEN": "t",
        "REPLIES_SECRET": "s" * 32,
    }
    assert "sms" in gateways.channels(said, is_demo=False)


def test_in_the_demo_nothing_leaves():
    found = gateways.channels(NOTHING, is_demo=True)
    assert {found[one] for one in ("email", "sms", "wechat", "wecom")} == {gateways.CONSOLE}


@pytest.mark.parametrize(
    "half",
    [
        {"SMS_URL": "https://sms.example/"},
        {"SMS_URL": "http://sms.example/", "SMS_TOKEN": "t"},
        {"WECHAT_APP_ID": "a", "WECHAT_SECRET": "s"},
        {"WECOM_CORP_ID": "a", "WECOM_SECRET": "s"},
        {"WECHAT_URL": "http://wechat.example"},
        {"REPLIES_SECRET": "short"},
        {"QUIET_HOURS": "at night"},
        {"QUIET_HOURS": "21:00"},
    ],
)
def test_half_a_gateway_stops_start_up(half):
    with pytest.raises(ImproperlyConfigured):
        gateways.channels(NOTHING | half, is_demo=False)
