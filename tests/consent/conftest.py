"""What the tests of consent stand on: two officers, a register, a recipient abroad."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.models import OverseasRecipient, ProcessingPurpose
from consent.services import assessments, purposes
from patients.models import AllergyIntolerance, Condition
from security import context
from tests import consenting, world
from tests.patients import cast


@pytest.fixture
def officer(system):
    return world.person("compliance_officer", name="Officer")


@pytest.fixture
def second(system):
    return world.person("compliance_officer", name="Second")


@pytest.fixture
def register(system):
    """The shipped purposes, by their keys."""
    purposes.ship()
    return {row.key: row for row in ProcessingPurpose.objects.all()}


def asked(read):
    """Return how many queries a read makes, keys that were opened before left aside."""
    context.current().forget_keys()
    with CaptureQueriesContext(connection) as queries:
        read()
    return len(queries)


def content(**other):
    """Return what a fit purpose says."""
    return {
        "name": "Home care", "name_zh": "居家护理", "description": "Visits at home.",
        "description_zh": "上门服务。", "grounds": {"hipaa": "treatment", "gdpr": "care", "pipl": "contract"},
        "uses": ["TREAT"], "categories": ["clinical"], "level": 4, "people": ["patients"], "channels": [],
        "recipients": [], "retention": "record", "retention_months": None, "is_cross_border": False,
        "needs_separate_consent": False, "is_per_channel": False, **other,
    }  # fmt: skip


def posted(**other):
    """Return the form of a fit purpose."""
    said = content(**other)
    grounds = {f"ground_{law}": key for law, key in said.pop("grounds").items()}
    names = ("is_cross_border", "needs_separate_consent", "is_per_channel")
    ticks = {name: "on" for name in names if said.pop(name)}
    said.pop("retention_months")
    return {**said, **grounds, **ticks, "recipients": "", "reason": "A new service of the clinic"}


def answers():
    """Return the content of an assessment that is complete."""
    keys = ("description", "legality", "necessity", "impact", "rights", "safeguards", "consulted")
    return {
        "triggers": ["sensitive"], "answers": dict.fromkeys(keys, "It was looked at."), "conclusion": "go",
        "review_on": timezone.localdate() + timedelta(days=200),
    }  # fmt: skip


def risk(**other):
    """Return one risk."""
    return {
        "risk": "Somebody reads it", "measures": "Encryption", "likelihood": 3, "severity": 4,
        "likelihood_after": 1, "severity_after": 4, **other,
    }  # fmt: skip


def assessed(purpose, author, signer):
    """Return the signed assessment of a purpose."""
    row = assessments.begin(purpose_id=purpose.pk, by=author)
    row = assessments.write(
        assessment_id=row.pk, version=row.version, content=answers(), risks=[risk()], by=author
    )
    return assessments.sign(assessment_id=row.pk, version=row.version, by=signer)


def recipient(register, **other):
    """Return a recipient abroad who gets ordinary data by a contract, without separate consent."""
    return OverseasRecipient.objects.create(
        **{
            "key": "lab", "name": "Lab", "name_zh": "实验室", "contact": "dpo@lab.example", "country": "DE",
            "purpose": register["abroad"], "categories": ["demographics"], "mechanism": "contract",
            "mechanism_on": timezone.localdate() - timedelta(days=9), "needs_separate_consent": False, **other,
        }
    )  # fmt: skip


DAY = timedelta(days=1)


@pytest.fixture
def folder(settings, tmp_path):
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture
def mia():
    row = cast.patient(record_number="R-1")
    now = timezone.now()
    Condition.objects.create(patient=row, code_text="Asthma", status="active", occurred_at=now)
    Condition.objects.create(
        patient=row, code_text="Old cold", status="resolved", occurred_at=now - 900 * DAY
    )
    AllergyIntolerance.objects.create(patient=row, code_text="Penicillin", occurred_at=now)
    return row


@pytest.fixture
def doctor(mia):
    user = cast.staff("physician")
    cast.care(user, mia)
    return user


@pytest.fixture
def insurer():
    return consenting.recipient()
