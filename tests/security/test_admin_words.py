"""The administration in words: Chinese throughout, roles by their names."""

import re

import pytest
from django.urls import reverse

from tests.security.people import signed_in, staff

pytestmark = [pytest.mark.django_db]
LISTS = ("user", "roleassignment", "clearance", "unit", "membership", "datakey")


def address(model, page="changelist", *args):
    return reverse(f"admin:security_{model}_{page}", args=args)


@pytest.fixture
def nurse():
    return staff("nurse", email="canary.bird@example.org", name="Canary Bird")


@pytest.fixture
def desk(client):
    signed_in(client, staff("administrator", email="boss@example.org", name="Gao Zhiqiang"))
    return client


def words_of(response):
    """Return what a page says, without its markup."""
    return re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", response.content.decode(), flags=re.S)


def test_the_administration_speaks_chinese_throughout(desk, nurse):
    """Every heading, column and value of ours; names of libraries are no excuse."""
    english = re.compile(
        r"role assignment|data key|membership|clearance|audit log|security|timestamp|correlation"
        r"|object representation|action|model name|add link|list link|administrator|by role|by unit"
        r"|record|billing|restricted",
        re.IGNORECASE,
    )
    pages = [address(model) for model in LISTS]
    pages += [reverse("admin:index"), reverse("admin:auditlog_logentry_changelist")]
    pages += [address(model, "add") for model in LISTS if model != "datakey"]
    for page in pages:
        response = desk.get(page, headers={"accept-language": "zh-hans"})
        assert response.status_code == 200
        text = words_of(response)
        assert "退出" in text, page
        assert not english.findall(text), page


def test_a_role_is_filtered_by_its_name(desk, nurse):
    page = desk.get(address("roleassignment"), {"role": "nurse"})
    assert ">Nurse</a>" in page.content.decode()
    assert page.context["cl"].result_count == 1
    journal = reverse("admin:auditlog_logentry_changelist")
    assert desk.get(journal, {"actor__password__startswith": "a"}).status_code == 400
