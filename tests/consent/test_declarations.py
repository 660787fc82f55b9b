"""Every field of the product is kept for a purpose of the register."""

from types import SimpleNamespace

import pytest
from django.core.checks import run_checks

from consent import declarations, shipped
from security.classification import PURPOSES, why


def test_every_field_refers_to_a_purpose_of_the_register():
    assert len(declarations.fields()) > 400
    assert declarations.check_purposes() == []
    assert not [one for one in run_checks() if one.id in {"consent.E001", "consent.E002"}]


def test_a_purpose_that_nobody_registered_stops_the_start(monkeypatch):
    stray = SimpleNamespace(purpose="curiosity", name="patients.patient.shoes")
    monkeypatch.setattr(declarations, "fields", lambda: (stray,))
    (error,) = declarations.check_purposes()
    assert error.id == "consent.E001"
    assert "patients.patient.shoes" in error.msg
    monkeypatch.setattr(declarations, "REGISTERED", {"curiosity": ("nothing",)})
    assert [one.id for one in declarations.check_purposes()] == ["consent.E002"]


def test_no_mapping_outlives_its_fields_and_the_sentences_stay():
    used = {one.purpose for one in declarations.fields()}
    assert set(declarations.REGISTERED) <= used | {"reference"}
    assert {key for served in declarations.REGISTERED.values() for key in served} <= {
        one.key for one in shipped.PURPOSES
    }
    assert set(PURPOSES) <= set(declarations.REGISTERED)
    assert str(why("contact"))
    with pytest.raises(KeyError):
        why("curiosity")
