"""Addresses of the consent app."""

from __future__ import annotations

from django.urls import path

from consent.views import copies, corrections, home

app_name = "consent"
urlpatterns = [
    path("", home.home, name="home"),
    path("copies/", copies.waiting, name="copies"),
    path("copies/<uuid:copy_id>/cancel/", copies.cancel, name="copy_cancel"),
    path("copies/<uuid:copy_id>/fetch/", copies.fetch, name="copy_fetch"),
    path("copies/<uuid:copy_id>/passphrase/", copies.tell, name="copy_tell"),
    path("corrections/", corrections.waiting, name="corrections"),
    path("corrections/<uuid:correction_id>/", corrections.correction, name="correction"),
    path(
        "corrections/<uuid:correction_id>/disagree/",
        corrections.disagree,
        name="correction_disagree",
    ),
    path("corrections/<uuid:correction_id>/told/", corrections.told, name="correction_told"),
    path("patients/<uuid:patient_id>/beside/", corrections.beside, name="beside"),
    path(
        "requests/<uuid:rights_id>/corrections/",
        corrections.of_request,
        name="request_corrections",
    ),
    path("requests/<uuid:rights_id>/copy/", copies.copy, name="copy"),
    path("requests/<uuid:rights_id>/copy/begin/", copies.begin, name="copy_begin"),
]
