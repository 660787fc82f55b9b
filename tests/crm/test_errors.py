"""Pages that say what went wrong, and lead on."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


def test_an_address_that_only_takes_a_form_says_so_and_leads_on():
    # It stays in the bar after a form was shown again; choosing a language there asks for it anew.
    response = cast.browser(cast.staff("finance")).get(reverse("patients:bill_search"))
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert "This address only takes what a form sends" in cast.words(response)
    assert f'href="{reverse("crm:home")}"' in response.content.decode()


def test_where_it_is_about_a_patient_it_leads_to_the_record():
    doctor, patient = cast.staff("physician"), cast.patient()
    cast.care(doctor, patient)
    response = cast.browser(doctor).get(reverse("patients:document_add", args=[patient.pk]))
    assert response.status_code == 405
    assert f'href="{reverse("patients:patient", args=[patient.pk])}"' in response.content.decode()
    assert "Muster" not in response.content.decode()


def test_it_tells_strangers_the_same_of_every_record():
    patient = cast.patient()
    shown = Client().get(reverse("patients:document_add", args=[patient.pk]), secure=True)
    assert shown.status_code == 405
    assert "Nothing was saved or changed." in cast.words(shown)
