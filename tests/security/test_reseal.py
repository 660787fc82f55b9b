"""A sealed field that changed its envelope: found where it was, moved by every write and by `reseal`."""

import pytest
from django.core.management import call_command
from django.db import connection

from audit.models import Event
from patients.models import Condition, Observation, Patient
from security import trail
from security.sealing import SealBroken, SealedText
from tests.patients import cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("system")]
LANGUAGE = Patient._meta.get_field("language")


@pytest.fixture
def patient():
    return Patient.objects.create(names=[{"family": "Moved"}], language="zh-CN", sex="female")


@pytest.fixture
def moved(patient, monkeypatch):
    """From now on the language is declared in the card."""
    monkeypatch.setattr(LANGUAGE, "envelope", "card")
    monkeypatch.setattr(LANGUAGE, "moved_from", "body")
    return patient


def again(row):
    return type(row).objects.get(pk=row.pk)


def held(row):
    """Return whether card and body hold the language."""
    return tuple("language" in again(row)._open(name) for name in ("card", "body"))


def resealed():
    return Event.objects.filter(action="security.record.resealed")


def test_a_field_is_read_where_it_was(moved):
    assert again(moved).language == "zh-CN"
    assert held(moved) == (False, True)


def test_reading_it_where_it_was_is_a_read_of_that_field(moved):
    with trail.acting_for(system="tests", purpose="HSYSADMIN") as here:
        _ = again(moved).language
        assert "patients.patient.language" in here.reads_of(moved.pk)


def test_a_write_leaves_nothing_behind(moved):
    row = again(moved)
    row.language = "de"
    row.advance()
    row.save()
    assert held(moved) == (True, False)
    assert again(moved).language == "de"


def test_reseal_moves_once_and_records_it(moved, capsys):
    call_command("reseal")
    assert "Rows sealed again: 1." in capsys.readouterr().out
    assert held(moved) == (True, False)
    assert again(moved).language == "zh-CN"
    assert again(moved).version == 2
    assert resealed().count() == 1
    call_command("reseal")
    assert "Rows sealed again: 0." in capsys.readouterr().out
    assert again(moved).version == 2
    assert resealed().count() == 1


def test_a_value_that_was_written_since_wins(moved):
    row = again(moved)
    row._open("card")["language"] = "fr"
    row.__dict__["_seals"]["card"].is_dirty = True
    row.advance()
    row.save()
    call_command("reseal")
    assert again(moved).language == "fr"
    assert held(moved) == (True, False)


def test_rows_and_event_roll_back_together(moved, monkeypatch):
    def fail(*args, **options):
        raise RuntimeError

    monkeypatch.setattr(trail, "record", fail)
    with pytest.raises(RuntimeError):
        call_command("reseal")
    monkeypatch.undo()
    assert again(moved).version == 1


def test_a_broken_row_is_left_alone_and_told(moved, capsys):
    whole = Patient.objects.create(names=[{"family": "Whole"}])
    flip = "UPDATE patients_patient SET sealed = set_byte(sealed, 70, get_byte(sealed, 70) # 1) WHERE id = %s"
    with connection.cursor() as cursor:
        cursor.execute(flip, [moved.pk])
    with pytest.raises(SystemExit) as end:
        call_command("reseal")
    assert end.value.code == 1
    assert "left alone: 1." in capsys.readouterr().out
    assert again(moved).version == again(whole).version == 1
    with pytest.raises(SealBroken):
        _ = again(moved).language


def test_without_a_move_nothing_is_written(patient, capsys):
    Condition.objects.create(patient=patient, code_text="Asthma")
    call_command("reseal")
    assert "Rows sealed again: 0." in capsys.readouterr().out
    assert again(patient).version == 1
    assert not resealed().exists()


@pytest.mark.parametrize("place", ["body", "elsewhere"])
def test_a_field_can_not_have_moved_from_where_it_is_or_from_nowhere(place):
    with pytest.raises(ValueError, match="can not have moved"):
        SealedText(level=4, purpose="care", moved_from=place)


def test_reseal_begins_the_restricted_envelope_of_rows_that_are_older_than_it(patient, capsys):
    older = Observation.objects.create(patient=patient, code_text="Potassium")
    emptied = Observation.objects.create(patient=patient, code_text="Sodium", confidentiality="R")
    row = again(emptied)
    row.conceal()
    row.advance()
    row.save()
    cast.store(Observation, sealed_restricted=b"")
    with pytest.raises(SystemExit):
        call_command("reseal")
    # Somebody took away what was concealed: that is no older row, and stays broken.
    assert (
        "Rows sealed again: 1. Rows with a broken seal, left alone: 1." in capsys.readouterr().out
    )
    assert (again(older).withheld, again(older).code_text) == (None, "Potassium")
    with pytest.raises(SealBroken):
        _ = again(emptied).withheld
    assert resealed().count() == 1
