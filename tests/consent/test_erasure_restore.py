"""Erase, bring yesterday's backup back, replay: nothing of the person is readable anywhere."""

import os
import shutil
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings

from consent.models import Erasure, LegalHold, ScopeOutcome
from consent.queries import retention
from consent.services import erasing, erasures
from patients.models import Document, Patient, PatientIndex, PortalAccount, RecordVersion
from patients.queries.versions import reopened
from security import context, trail
from security.backups import erasures as ledger
from security.models import Backup, DataKey
from security.sealing import SealBroken, files, index
from security.sealing.register import sealed_models
from security.sealing.shape import shape_of
from tests import world
from tests.consent import erasing as making
from tests.guards.test_canaries import Nest, plant
from tests.security import backing_up
from tests.security.test_restore import address, connected_to, empty_database


def everything_is_over():
    """Let no rule keep a record; proof of consent stays."""
    for rule in retention.rules():
        if rule.kind in {
            "outpatient",
            "inpatient",
            "bill",
            "disclosure",
            "prescription",
            "message",
        }:
            rule.is_on = False
            rule.save()


def planted(nest):
    """Fill every model with canaries about one patient with an account and a file; return the patient."""
    clinic, patient, _email = plant(nest)
    for model in (Erasure, LegalHold):
        model._base_manager.all().delete()
    kept = files.write([nest.text("file").encode()], most=1000)
    with transaction.atomic():
        RecordVersion.objects.create(
            patient=patient, label="patients.patient", row_id=patient.pk, row_version=1,
            kept_card=bytes(patient.sealed_card), kept_body=bytes(patient.sealed),
        )  # fmt: skip
        document = Document(
            patient=patient, media_type="text/plain", size=kept.size, file_id=kept.file_id,
            file_key=kept.key, uploaded_by=clinic.users["physician"],
        )  # fmt: skip
        nest.fill(document)
        document.save()
    return clinic, patient, kept


def readable(nest, patient):
    """Return the canaries that open with the keys that are there: rows, versions, files, search."""
    context.current().forget_keys()
    account = PortalAccount.objects.get(patient=patient).user_id
    found, subjects = set(), {patient.pk, account}
    for model in sealed_models():
        if str(model.scope) == "consent":
            continue
        for row in model._base_manager.all():
            if row._subject() in subjects:
                found |= texts(row, nest)
    for version in RecordVersion._base_manager.filter(patient=patient, label="patients.patient"):
        found |= texts(reopened(version), nest)
    with context.matching():
        grams = index.query_grams(nest.canaries[0])
        found |= {"search" for _ in index.ids(index.find_tokens(PatientIndex, grams))}
    return found


def texts(row, nest):
    found = set()
    for name in shape_of(type(row)).fields:
        try:
            said = str(getattr(row, name))
        except SealBroken:
            continue
        found |= {canary for canary in nest.canaries if canary in said}
    return found


@pytest.mark.django_db
def test_yesterday_comes_back_and_the_replay_erases_it_again(system, tmp_path):
    nest = Nest()
    with making.ledger(tmp_path):
        clinic, patient, kept = planted(nest)
        everything_is_over()
        officers = making.officers()
        assert len(readable(nest, patient)) > 30
        yesterday = transaction.savepoint()
        shutil.copytree(tmp_path / "files", tmp_path / "yesterday")
        done = making.erased(patient.pk, *officers)
        assert done.state == Erasure.State.DONE
        assert readable(nest, patient) == set()
        assert not files.path_of(kept.file_id).exists()
        # The database of yesterday and its files, with the keys: as if nothing had been erased.
        transaction.savepoint_rollback(yesterday)
        shutil.rmtree(tmp_path / "files")
        shutil.copytree(tmp_path / "yesterday", tmp_path / "files")
        assert len(readable(nest, patient)) > 30
        count, found = ledger.replay(ledger.read(ledger.path()))
    assert (count, found > 30) == (1, True)
    assert readable(nest, patient) == set()
    assert not (tmp_path / "files" / kept.file_id.hex[-2:] / kept.file_id.hex).exists()
    assert not DataKey.objects.filter(
        subject_id=patient.pk, destroyed_at=None, scope__in=("record", "restricted", "billing")
    ).exists()
    outcome = ScopeOutcome.objects.get(patient=patient, key_scope="record")
    assert (outcome.outcome, outcome.number) == ("erased", done.number)
    context.current().forget_decisions()
    seen_by(clinic, patient, nest)


def seen_by(clinic, patient, nest):
    """Look for the person as people do: the page, the search, the list."""
    desk = clinic.client("receptionist")
    pages = [
        desk.get(f"/patients/{patient.pk}/", secure=True),
        desk.post("/search/", {"q": nest.canaries[0]}, secure=True),
        desk.get("/", secure=True),
    ]
    for page in pages:
        # The search page says again what was typed.
        assert not [one for one in nest.canaries[1:] if one in page.content.decode()]
    assert pages[0].status_code == 403


@pytest.mark.django_db
def test_what_a_law_keeps_is_closed_again_by_the_replay(system, tmp_path):
    clinic = world.clinic()
    officers = making.officers()
    with making.ledger(tmp_path):
        yesterday = transaction.savepoint()
        making.erased(clinic.patient.pk, *officers)
        transaction.savepoint_rollback(yesterday)
        context.current().forget_decisions()
        page = clinic.client("receptionist").get(f"/patients/{clinic.patient.pk}/")
        assert page.status_code == 200
        ledger.replay(ledger.read(ledger.path()))
    context.current().forget_decisions()
    page = clinic.client("receptionist").get(f"/patients/{clinic.patient.pk}/")
    assert page.status_code == 403
    assert "Art. 29" in page.content.decode()
    assert Patient.objects.get(pk=clinic.patient.pk).names


def restored(name, home, *arguments):
    """Restore as an operator does it, in a process of its own."""
    return subprocess.run(
        [sys.executable, "manage.py", "restore_backup", "--quiet", *map(str, arguments)],
        cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
        env=dict(os.environ, DATABASE_URL=address(name), CUSTODIA_KEYRING=str(settings.KEYRING_PATH),
                 CUSTODIA_FILES=str(home)),
    )  # fmt: skip


def look_at_the_restores(nest, patient, tmp_path, row):
    folder, private = tmp_path / "backups" / row.name, tmp_path / "private.txt"
    usual = connection.settings_dict["NAME"]
    for number, extra in enumerate(((), ("--without-erasures",))):
        name, home = f"{usual}_{number}", tmp_path / f"restored{number}"
        with empty_database(name):
            done = restored(name, home, folder, "--identity", private, *extra)
            assert (done.returncode, "Not restored" in done.stderr) == (0, False)
            with connected_to(name), override_settings(FILES_DIR=home):
                # The control: without the replay the backup of yesterday holds the person.
                found = readable(nest, patient)
                assert bool(found) == bool(extra), found
                context.current().forget_keys()
    (tmp_path / "backups" / "keys" / "erasures.ledger").unlink()
    with empty_database(f"{usual}_2"):
        done = restored(f"{usual}_2", tmp_path / "none", folder, "--identity", private)
        assert done.returncode == 1
        assert "ledger of erasures" in done.stderr


if os.environ.get("CUSTODIA_PROVE"):
    # A real backup and three restores: the full count.

    @pytest.mark.prove(step=4, full=1)
    @pytest.mark.slow
    @pytest.mark.django_db(transaction=True)
    def test_a_real_backup_of_yesterday_is_restored_without_the_person(tmp_path):
        nest = Nest()
        with (
            override_settings(FILES_DIR=tmp_path / "files"),
            backing_up.target(tmp_path),
            trail.acting_for(system="tests", purpose="HOPERAT"),
        ):
            _clinic, patient, _kept = planted(nest)
            everything_is_over()
            officers = making.officers()
            assert len(readable(nest, patient)) > 30
            assert backing_up.command("backup")[0] == 0
            row = Backup.objects.get()
            plan = erasures.plan(patient_id=patient.pk, reason="Asked for", by=officers[0])
            making.agreed(plan, *officers[1:])
            done = erasing.work(erasing.take())
            assert done.certificate["last_copy"]
            look_at_the_restores(nest, patient, tmp_path, row)
