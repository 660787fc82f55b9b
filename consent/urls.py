"""Addresses of the consent app."""

from __future__ import annotations

from django.urls import path

from consent.views import (
    assessments,
    consents,
    copies,
    corrections,
    disclosures,
    forms,
    home,
    inventory,
    meter,
    notices,
    papers,
    purposes,
    recipients,
    restrictions,
    transfers,
)

app_name = "consent"
FORM = "forms/<uuid:form_id>"
PATIENT = "patients/<uuid:patient_id>"
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
    # Abroad
    path("abroad/", transfers.register, name="transfers"),
    path("abroad/add/", transfers.add, name="recipient_add"),
    path("abroad/<uuid:overseas_id>/", transfers.change, name="recipient_change"),
    path("abroad/<uuid:overseas_id>/end/", transfers.end, name="recipient_end"),
    # Impact assessments
    path("assessments/", assessments.listed, name="assessments"),
    path("assessments/<uuid:assessment_id>/", assessments.assessment, name="assessment"),
    path("assessments/<uuid:assessment_id>/write/", assessments.write, name="assessment_write"),
    path("assessments/<uuid:assessment_id>/sign/", assessments.sign, name="assessment_sign"),
    path(
        "assessments/<uuid:assessment_id>/pdf/<slug:language>/",
        assessments.pdf,
        name="assessment_pdf",
    ),
    # Inventory
    path("inventory/", inventory.inventory, name="inventory"),
    # Meter
    path("meter/", meter.index, name="meter"),
    path("meter/run/", meter.run, name="meter_run"),
    path("meter/progress/", meter.progress, name="meter_progress"),
    path("meter/of/<slug:field_purpose>/", meter.of_purpose, name="meter_of"),
    # Purposes
    path("purposes/", purposes.listed, name="purposes"),
    path("purposes/add/", purposes.add, name="purpose_add"),
    path("purposes/<uuid:purpose_id>/", purposes.purpose, name="purpose"),
    path("purposes/<uuid:purpose_id>/change/", purposes.change, name="purpose_change"),
    path("purposes/<uuid:purpose_id>/activate/", purposes.activate, name="purpose_activate"),
    path("purposes/<uuid:purpose_id>/retire/", purposes.retire, name="purpose_retire"),
    path("purposes/<uuid:purpose_id>/assess/", assessments.begin, name="assessment_begin"),
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
