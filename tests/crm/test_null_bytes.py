"""A NUL byte in an address or a form is a value like any other wrong one: never an error of the server."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import reverse

from tests import world
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
NUL = "a\x00b"
CALM = {200, 302, 400, 403, 404, 405, 422}
PARAMETERS = ("q", "kind", "after", "section", "next", "reason", "page", NUL)
OURS = (
    *("crm:home", "crm:search", "patients:unassigned", "security:account", "security:step_up"),
    *("security:sign_in", "security:signed_out", "security:factor", "security:password_change"),
)
CHARTS = tuple(
    f"patients:{name}" for name in ("patient", "timeline", "clinical", "billing", "access")
)
ADMIN_PARAMETERS = ("q", "o", "p", "all", "_facets", "_popup", "_to_field", "_changelist_filters")


def calm(client, address, parameters):
    client.raise_request_exception = False
    for name in parameters:
        for value in (NUL, "\x00"):
            status = client.get(address, {name: value}).status_code
            assert status in CALM, (address, name, status)


@pytest.mark.parametrize("route", OURS)
@pytest.mark.parametrize("role", ["physician", "receptionist"])
def test_no_page_of_the_shell_fails(route, role):
    calm(cast.browser(cast.staff(role)), reverse(route), PARAMETERS)


@pytest.mark.parametrize("route", CHARTS)
def test_no_page_of_a_chart_fails(route):
    doctor, mia = cast.staff("physician"), cast.patient()
    cast.care(doctor, mia)
    calm(cast.browser(doctor), reverse(route, args=[mia.pk]), PARAMETERS)


def test_a_search_for_a_null_byte_finds_nobody_and_does_not_fail():
    doctor, mia = cast.staff("physician"), cast.patient(given="Mia")
    cast.care(doctor, mia)
    client = cast.browser(doctor)
    client.raise_request_exception = False
    for value in (NUL, "\x00", "Mia\x00"):
        response = client.post(reverse("crm:search"), {"q": value})
        assert response.status_code in CALM
        found = "Muster" in cast.words(response)
        assert not (found and value == "\x00")


@pytest.mark.parametrize("model", sorted(admin.site._registry, key=lambda one: one._meta.label))
def test_no_list_and_no_record_of_the_administration_fails(model):
    user = world.person("administrator")
    client = world.signed_in(user, world.factor_of(user))
    label = f"{model._meta.app_label}_{model._meta.model_name}"
    listed = reverse(f"admin:{label}_changelist")
    names = [field.name for field in model._meta.concrete_fields]
    filters = [f"{name}__{how}" for name in names for how in ("exact", "in", "gte", "isnull")]
    calm(client, listed, [*ADMIN_PARAMETERS, *names, *filters])
    for action in ("change", "delete", "history"):
        calm(client, f"{listed}a%00b/{action}/", ("q",))
