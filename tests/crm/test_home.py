"""Home says whose patients it lists."""

import pytest
from django.urls import reverse

from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


@pytest.mark.parametrize(
    ("role", "heading"),
    [
        ("physician", "My patients"),
        ("nurse", "My patients"),
        ("receptionist", "Patients"),
        # Names masked of everybody reach further than names in the clear inside a case.
        ("compliance_officer", "Patients"),
        ("auditor", "Patients"),
    ],
)
def test_only_people_in_the_own_care_are_called_mine(role, heading):
    response = cast.browser(cast.staff(role)).get(reverse("crm:home"))
    page = response.content.decode()
    assert f"<h1>{heading}</h1>" in page
    assert str(response.context["shell"]["nav"][0]["label"]) == heading


def test_the_place_that_a_page_belongs_to_is_marked_and_no_other():
    clerk = cast.browser(cast.staff("finance"))
    for url, current in (("/patients/desk/", "page"), ("/patients/desk/refunds/", "true")):
        nav = clerk.get(url).context["shell"]["nav"]
        assert {one["url"]: one["active"] for one in nav if one["active"]} == {
            "/patients/desk/": current
        }
        assert f'href="/patients/desk/" aria-current="{current}"' in clerk.get(url).content.decode()
