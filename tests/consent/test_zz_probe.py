import pytest
from django.urls import reverse
from django.utils import timezone
from django.core.files.uploadedfile import SimpleUploadedFile
from consent.models import *
from consent.services import papers, purposes, requests
from tests import consenting, world
from tests.consent import asking, requesting
from tests.patients import cast
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
DAYS = ["0001-01-01", "9999-12-31", "1890-05-05"]

@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
def test_dates(settings, zone, tmp_path):
    settings.TIME_ZONE = zone
    settings.FILES_DIR = tmp_path
    settings.CLAMD_URL, settings.CLAMD_REQUIRED = "", False
    timezone.get_default_timezone.cache_clear()
    purposes.ship()
    clinic = world.clinic()
    mia = clinic.patient
    desk, officer, doctor = clinic.client("receptionist"), clinic.client("officer"), clinic.client("physician")
    for c in (desk, officer, doctor):
        c.raise_request_exception = False
    words = asking.words(asking.form(asking.purpose("x-research")))
    paper = papers.print_form(patient_id=mia.pk, words_id=words.pk, own_initiative=False, by=clinic.users["receptionist"])
    to = consenting.recipient()
    bad = []
    def go(client, name, args, data):
        r = client.post(reverse(f"consent:{name}", args=args), data, secure=True)
        if r.status_code >= 500:
            bad.append((name, data, r.status_code))
    def see(client, name, args=()):
        r = client.get(reverse(f"consent:{name}", args=args), secure=True)
        if r.status_code >= 500:
            bad.append((name, "GET", r.status_code))
    for d in DAYS:
        go(desk, "answer", [mia.pk, words.form_id], {"words": words.pk, "giver": "self:", "method": "tick", "answer": "granted", "said_on": d, "reason": "Because of it"})
        go(desk, "answer", [mia.pk, words.form_id], {"words": words.pk, "giver": "self:", "method": "tick", "answer": "granted", "expires_on": d})
        go(desk, "paper", [mia.pk], {"code": paper.code, "answer": "granted", "giver": "self:", "signed_on": d, "file": SimpleUploadedFile("a.txt", b"I agree")})
        go(desk, "request_new", [mia.pk], {"kind": "access", "way": "staff", "received_on": d, "capacity": "self", "asked": "All"})
        go(officer, "request_new", [mia.pk], {"kind": "accounting", "way": "staff", "received_on": d, "capacity": "self", "asked": "All"})
        go(officer, "request_of_colleague", [], {"kind": "access", "way": "staff", "received_on": d, "capacity": "self", "asked": "All", "colleague": clinic.users["nurse"].pk})
        for row in RightsRequest.objects.open():
            go(officer, "request_suspend", [row.pk], {"version": row.version, "statement": "It says so", "is_written": "on", "until": d})
            see(officer, "request", [row.pk])
        see(officer, "requests")
        go(officer, "restriction_new", [mia.pk], {"kind": "restricted", "until": d, "reason": "It is disputed now", "categories": "billing"})
        see(officer, "restrictions"); see(officer, "restrictions_of", [mia.pk])
        go(officer, "holds", [], {"seen_from": d, "seen_until": d, "reason": "A court case of it"})
        go(officer, "holds", [], {"seen_from": "0001-01-01", "seen_until": d, "reason": "A court case of it"})
        go(officer, "holds", [], {"subject": mia.pk, "until_on": d, "reason": "A court case of it"})
        see(officer, "holds"); see(officer, "due")
        go(officer, "erasure_plan", [], {"subject": mia.pk, "reason": "Asked for by it"})
        see(officer, "erasures")
        for row in Erasure.objects.all():
            see(officer, "erasure", [row.pk])
            Erasure.objects.filter(pk=row.pk)._raw_delete("default")
        go(doctor, "disclosure_new", [mia.pk], {"recipient": to.pk, "processing": consenting.purpose("billing").pk, "ground": "law", "legal_basis": "Art 1", "sections": ["conditions", "bills"], "why": "The law wants it", "since": d, "until": "9999-12-31"})
        for row in Sharing.objects.all():
            see(doctor, "disclosure", [mia.pk, row.pk])
        go(officer, "recipient_add", [], {"key": f"k{DAYS.index(d)}", "name": "L", "name_zh": "L", "contact": "c", "country": "DE", "purpose": ProcessingPurpose.objects.get(key="abroad").pk, "categories": ["demographics"], "mechanism": "contract", "mechanism_on": d, "expires_on": d})
        see(officer, "transfers")
        go(officer, "calendar_add", [], {"day": d, "kind": "holiday", "name": "A", "name_zh": "B"})
        see(officer, "calendar"); 
    see(desk, "consents", [mia.pk])
    for y in ("0", "1", "9999", "10000", "-1", "x", "99999999999999999999"):
        r = officer.get(reverse("consent:calendar"), {"year": y}, secure=True)
        if r.status_code >= 500: bad.append(("calendar", y))
    for a in ("x", "\x00", "9999-12-31T23:59:59+00:00.01a21079-b458-75d1-8e8a-eb30708f22ea", "0001-01-01T00:00:00-14:00.01a21079-b458-75d1-8e8a-eb30708f22ea", "0001-01-01T00:00:00+14:00_01a21079-b458-75d1-8e8a-eb30708f22ea"):
        for n in ("requests", "restrictions", "disclosures"):
            r = officer.get(reverse(f"consent:{n}"), {"after": a}, secure=True)
            if r.status_code >= 500: bad.append((n, a))
    timezone.get_default_timezone.cache_clear()
    open("/tmp/review4a.bad","a").write("".join(f"BAD {zone} {b}\n" for b in bad))
    assert not bad
