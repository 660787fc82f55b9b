"""Addresses of the engagement app."""

from __future__ import annotations

from django.urls import path

from engagement.views import complaints, figures, home, lead_endings, leads, surveys

app_name = "engagement"
COMPLAINT = "complaints/<uuid:complaint_id>"
LEAD = "leads/<uuid:lead_id>"
PATIENT = "patients/<uuid:patient_id>"
urlpatterns = [
    path("", home.home, name="home"),
    # Feedback.
    path("answer/", surveys.answer, name="survey"),
    path("answer/thanks/", surveys.thanks, name="survey_thanks"),
    path("answers/", surveys.listed, name="answers"),
    path("answers/<uuid:answer_id>/read/", surveys.look_at, name="answer_read"),
    path("complaints/", complaints.desk, name="complaints"),
    path("complaints/new/", complaints.new, name="complaint_new"),
    path(f"{COMPLAINT}/", complaints.complaint, name="complaint"),
    path(f"{COMPLAINT}/assign/", complaints.assign, name="complaint_assign"),
    path(f"{COMPLAINT}/close/", complaints.close, name="complaint_close"),
    path(f"{COMPLAINT}/extend/", complaints.extend, name="complaint_extend"),
    path(f"{COMPLAINT}/letter/", complaints.letter, name="complaint_letter"),
    path("concerns/", complaints.concerns_listed, name="concerns"),
    path("concerns/<uuid:concern_id>/", complaints.concern, name="concern"),
    path(f"{PATIENT}/complaints/new/", complaints.of_patient, name="complaint_of_patient"),
    path("surveys/", surveys.kept, name="surveys"),
    path("surveys/new/", surveys.make, name="survey_new"),
    path("surveys/<uuid:survey_id>/", surveys.change, name="survey_change"),
    # Figures.
    path("figures/", figures.dashboards, name="figures"),
    # Enquiries.
    path("enquiry/", leads.enquire, name="enquiry"),
    path("enquiry/thanks/", leads.thanks, name="enquiry_thanks"),
    path("leads/", leads.board, name="leads"),
    path("leads/new/", leads.take_down, name="lead_new"),
    path("leads/all/<slug:lead_state>/", leads.column, name="lead_column"),
    path(f"{LEAD}/", leads.lead, name="lead"),
    path(f"{LEAD}/change/", leads.change, name="lead_change"),
    path(f"{LEAD}/convert/", lead_endings.convert, name="lead_convert"),
    path(f"{LEAD}/copy/", lead_endings.copy, name="lead_copy"),
    path(f"{LEAD}/delete/", lead_endings.delete, name="lead_delete"),
    path(f"{LEAD}/join/", lead_endings.join, name="lead_join"),
    path(f"{LEAD}/lose/", leads.lose, name="lead_lose"),
    path(f"{LEAD}/move/", leads.move, name="lead_move"),
]
