"""What the README shows is what the code says."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from crm.demo import clinic
from security.access import table
from security.access.roles import ROLES

README = (Path(settings.BASE_DIR) / "README.md").read_text()


def test_the_table_of_roles_is_the_one_the_roles_make():
    with translation.override("en"):
        assert table.markdown() in README, (
            "run `manage.py roles_table` and put the result into the README"
        )


def test_the_two_commands_the_account_names_and_the_evidence_are_there():
    assert "make demo" in README
    assert "make test" in README
    assert "evidence" in README
    assert not re.search(r"\bcertified\b", README)
    for role in ROLES:
        if role != "patient":
            assert re.search(rf"\b{role}1?\b|{role}", README), role


@pytest.mark.parametrize("role", ROLES.values())
def test_every_role_has_its_sentence_in_chinese(role):
    with translation.override("zh-hans"):
        assert re.search("[\u4e00-\u9fff]{4}", str(role.sentence))
        assert re.search("[\u4e00-\u9fff]", str(role.label))


def test_every_picture_is_there():
    for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (Path(settings.BASE_DIR) / path).exists()


def test_the_demo_password_is_the_documented_one():
    assert clinic.PASSWORD in README
