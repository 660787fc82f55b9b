"""Addresses of the consent app."""

from __future__ import annotations

from django.urls import path

from consent.views import copies, corrections, home, notices

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
    path("notice/<slug:law>/", notices.read, name="public_notice"),
    path("notices/", notices.listed, name="notices"),
    path("notices/begin/", notices.begin, name="notice_begin"),
    path("notices/texts/<uuid:text_id>/", notices.words, name="notice_words"),
    path("notices/to-tell/", notices.to_tell, name="notices_to_tell"),
    path("notices/<uuid:notice_id>/", notices.notice, name="notice"),
    path("patients/<uuid:patient_id>/notices/", notices.of_patient, name="patient_notices"),
    path("patients/<uuid:patient_id>/beside/", corrections.beside, name="beside"),
    path(
        "requests/<uuid:rights_id>/corrections/",
        corrections.of_request,
        name="request_corrections",
    ),
    path("requests/<uuid:rights_id>/copy/", copies.copy, name="copy"),
    path("requests/<uuid:rights_id>/copy/begin/", copies.begin, name="copy_begin"),
]
