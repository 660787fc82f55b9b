"""Data keys: one per person and scope, wrapped for good reason, opened for one request."""

import json
import os
from uuid import UUID

import pytest
from django.db import connection

from patients.models import Claim, Condition, Patient
from security import context
from security.classification import Scope, SubjectKind
from security.ids import new_id
from security.models import DataKey
from security.sealing import KeyringError, keyring, keys, selftest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]


def scopes_of(patient):
    return set(DataKey.objects.filter(subject_id=patient.pk).values_list("scope", flat=True))


def test_each_person_has_one_key_per_scope():
    patient, other = Patient.objects.create(), Patient.objects.create()
    for _ in range(3):
        Condition.objects.create(patient=patient, code_text="x")
    Claim.objects.create(patient=patient)
    assert scopes_of(patient) == {"record", "restricted", "billing"}
    assert scopes_of(other) == {"record"}
    assert DataKey.objects.count() == 4


def test_a_wrapped_key_opens_only_for_its_own_id_subject_scope_and_root():
    key_id, subject = new_id(), new_id()
    version, wrapped = keys.wrap(b"x" * 32, key_id=key_id, created_for=subject, scope="record")
    right = {"key_id": key_id, "created_for": subject, "scope": "record", "kek_version": version}
    assert keys.unwrap(wrapped, **right) == b"x" * 32
    for wrong in (
        {"key_id": new_id()},
        {"created_for": new_id()},
        {"scope": "billing"},
        {"kek_version": version + 1},
    ):
        with pytest.raises(KeyringError):
            keys.unwrap(wrapped, **{**right, **wrong})


def test_a_merged_persons_rows_open_for_the_survivor():
    gone, survivor = Patient.objects.create(), Patient.objects.create()
    row = Condition.objects.create(patient=gone, code_text="Asthma")
    DataKey.objects.filter(subject_id=gone.pk).update(subject_id=survivor.pk)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE patients_condition SET patient_id = %s", [survivor.pk])
    context.current().forget_keys()
    assert Condition.objects.get(pk=row.pk).code_text == "Asthma"


def test_what_is_sealed_after_a_merge_uses_the_survivors_own_key():
    gone, survivor = Patient.objects.create(), Patient.objects.create()
    DataKey.objects.filter(subject_id=gone.pk).update(subject_id=survivor.pk)
    context.current().forget_keys()
    key = keys.for_sealing(survivor.pk, kind=SubjectKind.PATIENT, scope=Scope.RECORD)
    assert DataKey.objects.get(pk=key.id).created_for == survivor.pk


def test_a_second_key_in_force_for_the_same_person_and_scope_is_impossible():
    patient = Patient.objects.create()
    first = DataKey.objects.get(subject_id=patient.pk)
    context.current().forget_keys()
    keys.for_sealing(patient.pk, kind=SubjectKind.PATIENT, scope=Scope.RECORD)
    assert DataKey.objects.get(subject_id=patient.pk) == first


def test_start_up_refuses_a_keyring_that_did_not_wrap_the_stored_keys(tmp_path, settings):
    Patient.objects.create()
    selftest.canary()
    settings.KEYRING_PATH = tmp_path / "other.json"
    keyring.create(settings.KEYRING_PATH)
    with pytest.raises(KeyringError):
        selftest.canary()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda c: c.update(format=2),
        lambda c: c.update(primary=9),
        lambda c: c["roots"].update({"1": "AAAA"}),
        lambda c: c["roots"].update({"1": "not base64!"}),
        lambda c: c["roots"].update({"2": c["roots"]["1"]}),
        lambda c: c.pop("index"),
        lambda c: c.update(roots=[]),
    ],
)
def test_a_damaged_keyring_is_named_and_never_half_used(tmp_path, spoil):
    path = tmp_path / "keyring.json"
    keyring.create(path)
    content = json.loads(path.read_text())
    spoil(content)
    path.write_text(json.dumps(content))
    with pytest.raises(KeyringError, match="keyring"):
        keyring.read(path)


def test_a_keyring_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "keyring.json"
    keyring.create(path)
    os.chmod(path, 0o644)
    with pytest.raises(KeyringError, match="owner only"):
        keyring.read(path)


def test_a_keyring_is_never_overwritten(tmp_path):
    path = tmp_path / "keyring.json"
    keyring.create(path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        keyring.create(path)
    assert path.read_bytes() == before


def test_a_destroyed_key_keeps_its_tombstone_and_nothing_else():
    patient = Patient.objects.create()
    with pytest.raises(Exception, match="destroyed_is_gone"):
        DataKey.objects.filter(subject_id=patient.pk).update(destroyed_at="2026-01-01T00:00Z")


def test_index_keys_differ_by_purpose():
    digests = {keyring.index_digest(purpose, "x") for purpose in ("exact a", "exact b", "token a")}
    assert len(digests) == 3


def test_the_system_has_a_subject_of_its_own():
    assert UUID(int=0) != keys.SYSTEM_SUBJECT
