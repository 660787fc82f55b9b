"""Visits that are over, notices in force and people who ask, for the tests of feedback and enquiries."""

from datetime import timedelta

from django.utils import timezone

from consent.models import Notice, NoticeText
from engagement.models import Appointment, Service, Survey
from engagement.queries.shown_notices import Agreed
from engagement.services import leads
from engagement.services.leads import Asked
from security.ids import new_id
from security.models import ClinicProfile, Unit
from tests import consenting, world


def house():
    """Describe a clinic that works under one law and in two languages."""
    unit = Unit.objects.create(name="Clinic", kind=Unit.Kind.CLINIC)
    return ClinicProfile.objects.create(
        unit=unit, name="Clinic", laws=["pipl"], languages=["en", "zh-hans"], time_zone="UTC"
    )


def notice(number=1):
    """Put a notice in force in both languages."""
    row = Notice.objects.create(
        law="pipl", number=number, effective_on=timezone.localdate(), published_at=timezone.now()
    )
    for language in ("en", "zh-hans"):
        digest = f"{number}{language[0]}".ljust(64, "0")
        NoticeText.objects.create(notice=row, language=language, text_sha256=digest)
    return row


def survey(**more):
    words = {"title": "How", "title_zh": "如何", "intro": "Tell us", "intro_zh": "请告诉我们"}
    return Survey.objects.create(**words | {"wait_hours": 0} | more)


def visit(patient, *, hours=1, **more):
    """Return a visit that ended so many hours ago."""
    done = timezone.now() - timedelta(hours=hours)
    given = {
        "service": Service.objects.create(name=f"Visit {new_id().hex}"), "state": "fulfilled",
        "clinician": world.person("physician"), "starts_at": done - timedelta(hours=1),
        "ends_at": done, "done_at": done,
    }  # fmt: skip
    row = Appointment(patient=patient, **given | more)
    row.save()
    return row


def agree(*patients, channel="email", **more):
    """Let patients agree to surveys by a channel."""
    purpose = consenting.purpose(
        "surveys", is_per_channel=True, channels=["email", "sms"], uses=["HOPERAT"]
    )
    consenting.allow(*patients, of=purpose, channel=channel, **more)


def lead(name="Ann Hart", *, by=None, **more):
    """Take in an enquiry."""
    given = {"source": "form", "phone": "+8613900010001", "message": "Knee", "language": "en"}
    agreed = Agreed([new_id()], ["a" * 64], "en")
    return leads.take_in(asked=Asked(name=name, agreed=agreed, **given | more), by=by)
