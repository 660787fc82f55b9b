"""What fills the parameters of addresses: a row of everything that a page may be about."""

from datetime import date, time, timedelta

from django.db import transaction
from django.utils import timezone

from audit.models import Alert, AuditReport, Companion
from consent.models import (
    CalendarDay,
    Correction,
    Erasure,
    ImpactAssessment,
    LegalHold,
    Notice,
    NoticeText,
    OverseasRecipient,
    ProcessingPurpose,
    RecordCopy,
    RetentionRun,
    RightsLetter,
    RightsRequest,
    RightsScan,
)
from consent.services import certificates
from engagement.models import (
    Absence,
    Appointment,
    Campaign,
    CannedReply,
    Complaint,
    FollowUpPlan,
    Lead,
    LetterBatch,
    PlanStep,
    PlanTemplate,
    Reminder,
    Reply,
    Room,
    SecurityConcern,
    Segment,
    Service,
    SlotOffer,
    Survey,
    SurveyAnswer,
    Task,
    Thread,
    ThreadAttachment,
    ThreadMessage,
    WaitingEntry,
    WorkingHours,
)
from patients.models import ImportBatch, Observation, Patient
from patients.services import merges, relations
from security import trail
from security.ids import new_id
from security.models import Backup
from security.sealing import files
from tests import consenting, world
from tests.consent import asking


def values(clinic, name):
    """Return what fills the parameters of addresses; a parameter that is not here fails the test."""
    factor = clinic.factors.get(name) or clinic.factors["physician"]
    return {
        "patient_id": clinic.patient.pk,
        "record_id": clinic.condition.pk,
        "observation_id": Observation.objects.create(patient=clinic.patient, code_text="Pulse").pk,
        "note_id": clinic.note.pk,
        "kind": "conditions",
        "factor_id": factor.pk,
        "object_id": clinic.users["nurse"].pk,
        "colleague_id": clinic.users["nurse"].pk,
        "content_type_id": 1,
        "app_label": "security",
        "url": "nowhere",
        "form": "patient",
        "export_id": clinic.patient.pk,
        "exporter": "patients",
        "document_id": clinic.patient.pk,
        "number": 0,
        "codelist": "condition",
        "invoice_id": world.bill(clinic).pk,
        "price_id": world.price().pk,
        "refund_id": clinic.condition.pk,
        "relation_id": relation_of(clinic).pk,
        "other_id": clinic.other.pk,
        "merge_id": merge_of(clinic).pk,
        "batch_id": _batch(clinic, "claims" if name == "finance" else "patients").pk,
        "request_id": clinic.condition.pk,
        "referral_id": clinic.condition.pk,
        "copy_id": _copy(clinic).pk,
        "correction_id": _correction(clinic).pk,
        "law": "pipl",
        "notice_id": (notice := Notice.objects.create(law="pipl", number=1)).pk,
        "text_id": NoticeText.objects.create(notice=notice, language="en").pk,
        "team_id": clinic.condition.pk,
        "membership_id": clinic.condition.pk,
        "link_id": clinic.condition.pk,
        "backup_id": Backup.objects.create(state="good", manifest_sha256="a" * 64).pk,
        "check": "settings",
        "case_id": world.case(clinic).pk,
        "review_id": world.review(clinic).pk,
        "subject_id": clinic.patient.pk,
        "event_id": _event(clinic),
        "alert_id": _alert(clinic).pk,
        "companion_id": _pair(clinic).pk,
        "rule_key": "R10",
        "report_id": _report().pk,
        "report_kind": "weekly",
        "erasure_id": _erasure(clinic).pk,
        "paper": "json",
        "retention_key": "cn_outpatient",
        "hold_id": _hold(clinic).pk,
        "run_id": _run(clinic).pk,
        "language": "en",
        **_registers(clinic),
        **consent_of(clinic),
        **appointments_of(clinic),
        "restriction_id": consenting.limit(clinic.patient, "self_pay").pk,
        "recipient_id": (outside := consenting.recipient()).pk,
        "sharing_id": consenting.sharing(clinic.patient, outside, clinic.users["physician"]).pk,
        "day_id": CalendarDay.objects.create(day=date(2026, 10, 1), kind="holiday").pk,
        **_talk(clinic),
        "rights_id": (asked := _rights(clinic)).pk,
        "letter_id": _letter(asked).pk,
        "scan_id": _scan(asked).pk,
        **_follow_up(clinic),
        **_engagement(clinic),
        **_feedback(clinic),
        "segment_id": (group := Segment.objects.create(name="Everybody")).pk,
        "campaign_id": Campaign.objects.create(
            name="Spring", lane="tips", channel="email", segment=group
        ).pk,
    }


def _feedback(clinic):
    """Return what fills the addresses of feedback and enquiries."""
    day, now = timezone.localdate(), timezone.now()
    survey = Survey.objects.create(title="How", title_zh="How", intro="How", intro_zh="How")
    answer = SurveyAnswer.objects.create(
        survey=survey, patient=clinic.patient, expires_at=now + timedelta(days=1), answered_at=now
    )
    said = {"way": "desk", "patient": clinic.patient, "words": "Said"}
    lead = Lead.objects.create(source="phone", name="Ann", phone="+8613900000000", delete_on=day)
    return {
        "survey_id": survey.pk,
        "answer_id": answer.pk,
        "complaint_id": Complaint.objects.create(
            number="C-1", theme="other", due_on=day, **said
        ).pk,
        "concern_id": SecurityConcern.objects.create(number="S-1", **said).pk,
        "lead_id": lead.pk,
        "lead_state": "new",
    }


def _follow_up(clinic):
    """Return a task of the clinic's patient at the desk, a plan, and a template with a step."""
    plan = FollowUpPlan(
        patient=clinic.patient, areas=["care", "desk"], starts_on=timezone.localdate(), template_key="guard",
    )  # fmt: skip
    plan.save()
    task = Task(patient=clinic.patient, area="desk", due_at=timezone.now(), title="Call", plan=plan)
    task.save()
    template = PlanTemplate.objects.create(key="guard", name="Guard")
    step = PlanStep.objects.create(template=template, position=1, title="Call")
    return {
        "task_id": task.pk, "plan_id": plan.pk, "template_id": template.pk, "step_id": step.pk,
    }  # fmt: skip


def _talk(clinic):
    """Return a conversation with the clinic's patient, its file, and a ready answer of everybody."""
    unit = world.team("Inbox")
    row = Thread.objects.create(
        patient=clinic.patient, unit=unit, state="us", waiting_since=timezone.now(), subject="Skin"
    )
    line = ThreadMessage.objects.create(
        patient=clinic.patient, thread=row, kind="patient", text="It itches"
    )
    file = ThreadAttachment.objects.create(
        patient=clinic.patient, message=line, media_type="text/plain", size=1, file_id=new_id()
    )
    canned = CannedReply.objects.create(title="a", title_zh="a", text="a", text_zh="a")
    return {"thread_id": row.pk, "attachment_id": file.pk, "canned_id": canned.pk}


def _engagement(clinic):
    """Return what fills the addresses of engagement: a service, a reminder that reaches nobody, an answer."""
    service = Service.objects.create(name=f"Filled {new_id().hex}")
    starts_at = timezone.now() + timedelta(days=1)
    booked = Appointment.objects.create(
        patient=clinic.patient, service=service, clinician=clinic.users["physician"],
        starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30),
    )  # fmt: skip
    return {
        "reminder_id": Reminder.objects.create(
            patient=clinic.patient, appointment=booked, starts_at=starts_at, due_at=starts_at,
            state="unreached",
        ).pk,
        "reply_id": Reply.objects.create(
            patient=clinic.patient, channel="sms", text="What time?"
        ).pk,
        "letters_id": LetterBatch.objects.create().pk,
        "message_id": new_id(),
    }  # fmt: skip


def _rights(clinic):
    """Return a proved request for a copy of the clinic's patient's record."""
    row = RightsRequest(
        number=new_id().hex[:20], kind="access", way="letter", language="en", subject_id=clinic.patient.pk,
        patient=clinic.patient, asked="a copy", identity_at=timezone.now(),
    )  # fmt: skip
    row.save()
    return row


def _copy(clinic):
    """Return a copy that is being made."""
    row = RecordCopy(
        request=_rights(clinic), subject_id=clinic.patient.pk, patient=clinic.patient, language="en",
        asked_by=clinic.users["auditor"],
    )  # fmt: skip
    row.save()
    return row


def _correction(clinic):
    """Return a correction of the clinical record that waits for whoever writes it."""
    row = Correction(
        request=_rights(clinic), patient=clinic.patient, area="clinical", wrong="a", right="b",
        proposed_by=clinic.users["auditor"],
    )  # fmt: skip
    row.save()
    return row


def _registers(clinic):
    """Return what fills the addresses of the registers: a purpose, its draft assessment, a recipient abroad."""
    purpose = ProcessingPurpose.objects.create(key="abroad", state="active", is_cross_border=True)
    draft = ImpactAssessment.objects.create(
        purpose=purpose, number=1, written_by=clinic.users["officer"]
    )
    recipient = OverseasRecipient.objects.create(
        key="lab", country="DE", purpose=purpose, categories=["clinical"], mechanism="contract",
        mechanism_on=timezone.localdate(),
    )  # fmt: skip
    return {
        "purpose_id": purpose.pk,
        "assessment_id": draft.pk,
        "overseas_id": recipient.pk,
        "field_purpose": "care",
    }


def consent_of(clinic):
    """Return a form with words that were published, and what the patient said to them."""
    words = asking.words()
    with transaction.atomic():
        taken = asking.grant(clinic.patient, words, by=clinic.users["receptionist"])
    return {
        "form_id": words.form_id, "words_id": words.pk, "consent_id": taken.consent.pk,
        "act_id": taken.event.pk,
    }  # fmt: skip


def appointments_of(clinic):
    """Return an appointment of the clinic's patient, and what the calendar is made of."""
    nurse, now = clinic.users["nurse"], timezone.now()
    service = Service.objects.create(name=f"Visit {new_id().hex}")
    room = Room.objects.create(name=f"Room {new_id().hex}")
    start, end = now + timedelta(days=1), now + timedelta(days=1, minutes=30)
    row = Appointment(
        patient=clinic.patient,
        service=service,
        clinician=nurse,
        room=room,
        starts_at=start,
        ends_at=end,
    )
    row.save()
    waits = WaitingEntry(
        patient=clinic.patient, service=service, first_on=start.date(), last_on=end.date()
    )
    waits.save()
    offer = SlotOffer.objects.create(entry=waits, clinician=nurse, starts_at=start, ends_at=end)
    hours = WorkingHours.objects.create(user=nurse, weekday=1, begins=time(9), ends=time(12))
    away = Absence.objects.create(user=nurse, starts_at=start, ends_at=end)
    return {
        "appointment_id": row.pk, "deed": "check_in", "service_id": service.pk, "room_id": room.pk,
        "entry_id": waits.pk, "offer_id": offer.pk, "hours_id": hours.pk, "absence_id": away.pk,
    }  # fmt: skip


def _event(clinic):
    """Return an event about the clinic's patient, of nobody in particular."""
    return trail.record("patients.chart.opened", subjects=[clinic.patient.pk])


def _scan(asked):
    """Return a scan that belongs to a request."""
    kept = files.write([b"Letter"], most=100)
    return RightsScan.objects.create(
        request=asked, subject_id=asked.subject_id, media_type="text/plain", size=kept.size,
        file_id=kept.file_id, file_key=kept.key, title="Letter",
    )  # fmt: skip


def _letter(asked):
    """Return a letter about a request."""
    return RightsLetter.objects.create(
        request=asked, kind="received", language="en", subject_id=asked.subject_id,
        content=dict.fromkeys(("clinic", "number", "title", "greeting"), "Received")
        | {"language": "en", "region": "gb", "about": [], "parts": []},
    )  # fmt: skip


def _alert(clinic):
    """Return an open alert about a nurse."""
    return Alert.objects.create(
        rule="R10", response="alert", actor_id=clinic.users["nurse"].pk, dedupe_key="one",
        occurred_at=timezone.now(), subjects=[clinic.patient.pk],
    )  # fmt: skip


def _pair(clinic):
    """Return a nurse and a patient who work together."""
    return Companion.objects.create(
        kind="patient", actor_id=clinic.users["nurse"].pk, other_id=clinic.patient.pk, reason="Study",
        ends_at=timezone.now() + timedelta(days=9), made_by=clinic.users["officer"],
    )  # fmt: skip


def relation_of(clinic):
    """Return somebody who belongs to the clinic's patient."""
    with transaction.atomic():
        return relations.add(
            patient_id=clinic.patient.pk, related_id=None, fields={"kind": "SIB"}, by=None
        )


def merge_of(clinic):
    """Return a merge of another record into the clinic's patient."""
    third = Patient.objects.create(names=[{"text": "Third"}])
    return merges.merge(
        survivor_id=clinic.patient.pk, survivor_version=1, absorbed_id=third.pk, absorbed_version=1,
        choices={}, is_birth_confirmed=False, reason="same", by=clinic.users["receptionist"],
    )  # fmt: skip


def _batch(clinic, kind):
    """Return an uploaded file of a kind; whoever may import that kind may go on with it."""
    desk = clinic.users["receptionist"]
    return ImportBatch.objects.create(
        importer=kind, uploaded_by=desk, acting_for=desk, purpose="PATADMIN", size=1, encoding="utf-8",
        delimiter=",", file_name="a.csv", headers=["A", "B"], sample=[["1", "2"]], mapping={},
    )  # fmt: skip


def _report():
    """Return an audit report that waits to be made."""
    day = date(2026, 6, 1)
    return AuditReport.objects.create(
        kind="weekly", starts_on=day, ends_on=day + timedelta(days=7), zone="UTC"
    )


def _erasure(clinic):
    """Return an erasure that was agreed to, with a certificate as if it were over."""
    subject = str(clinic.other.pk)
    plan = {"subjects": [subject], "scopes": [], "loose": {}, "holds": []}
    row = Erasure(
        number="ER-1", state="approved", subject_id=clinic.other.pk, patient=clinic.other, plan=plan,
        planned_by=clinic.users["officer"], reason="Asked for",
    )  # fmt: skip
    row.certificate = certificates.signed(certificates.content(row))
    row.save()
    return row


def _hold(clinic):
    """Return a legal hold on the other patient."""
    return LegalHold.objects.create(patient=clinic.other, reason="Lawsuit")


def _run(clinic):
    """Return a retention run that waits for a second person."""
    return RetentionRun.objects.create(number="RR-1", planned_by=clinic.users["administrator"])
