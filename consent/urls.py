"""Addresses of the consent app."""

from __future__ import annotations

from django.urls import path

from consent.views import consents, forms, home, papers

app_name = "consent"
FORM = "forms/<uuid:form_id>"
PATIENT = "patients/<uuid:patient_id>"
urlpatterns = [
    path("", home.home, name="home"),
    # Forms, giving, receipts, paper.
    path("forms/", forms.index, name="forms"),
    path("forms/add/", forms.add, name="form_add"),
    path("forms/shipped/", forms.bring, name="forms_bring"),
    path(f"{FORM}/", forms.form, name="form"),
    path(f"{FORM}/retire/", forms.retire, name="form_retire"),
    path(f"{FORM}/words/<slug:language>/", forms.write, name="form_write"),
    path(f"{FORM}/publish/<uuid:words_id>/", forms.publish, name="form_publish"),
    path(f"{PATIENT}/", consents.index, name="consents"),
    path(f"{PATIENT}/ask/<uuid:form_id>/", consents.answer, name="answer"),
    path(f"{PATIENT}/consents/<uuid:consent_id>/", consents.consent, name="consent"),
    path(f"{PATIENT}/consents/<uuid:consent_id>/withdraw/", consents.withdraw, name="withdraw"),
    path(f"{PATIENT}/paper/", papers.take_in, name="paper"),
    path(f"{PATIENT}/paper/<uuid:form_id>/", papers.print_form, name="paper_print"),
    path(f"{PATIENT}/receipts/<uuid:act_id>/", consents.receipt, name="receipt"),
    path("receipt-key/", forms.receipt_key, name="receipt_key"),
    path("renewals/", consents.renewals, name="renewals"),
]
