"""Addresses of the consent app."""

from __future__ import annotations

from django.urls import path

from consent.views import disclosures, home, recipients, restrictions

app_name = "consent"
urlpatterns = [
    path("", home.home, name="home"),
    path("disclosures/", disclosures.listed, name="disclosures"),
    path("patients/<uuid:patient_id>/disclosures/", disclosures.of_patient, name="disclosures_of"),
    path("patients/<uuid:patient_id>/disclosures/new/", disclosures.new, name="disclosure_new"),
    path(
        "patients/<uuid:patient_id>/disclosures/<uuid:sharing_id>/",
        disclosures.one,
        name="disclosure",
    ),
    path(
        "patients/<uuid:patient_id>/disclosures/<uuid:sharing_id>/ask/",
        disclosures.ask,
        name="disclosure_ask",
    ),
    path(
        "patients/<uuid:patient_id>/disclosures/<uuid:sharing_id>/cancel/",
        disclosures.cancel,
        name="disclosure_cancel",
    ),
    path("recipients/", recipients.listed, name="recipients"),
    path("recipients/new/", recipients.new, name="recipient_new"),
    path("recipients/<uuid:recipient_id>/retire/", recipients.retire, name="recipient_retire"),
    path("restrictions/", restrictions.listed, name="restrictions"),
    path(
        "patients/<uuid:patient_id>/restrictions/", restrictions.of_patient, name="restrictions_of"
    ),
    path("patients/<uuid:patient_id>/restrictions/new/", restrictions.new, name="restriction_new"),
    path(
        "patients/<uuid:patient_id>/restrictions/<uuid:restriction_id>/lift/",
        restrictions.lift,
        name="restriction_lift",
    ),
]
