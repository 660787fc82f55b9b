"""Every field has a declaration: what level it is, why it is kept, and whether it is sealed."""

import json

import pytest
from django.apps import apps
from django.db.models import Field

from security import library_fields
from security.classification import Plain
from security.sealing import EnvelopeField, Sealed, SealedModel, register
from security.sealing.shape import shape_of

OURS = {"security", "audit", "patients", "consent", "engagement", "crm"}
MODELS = list(apps.get_models(include_auto_created=True))
SEALED = list(register.sealed_models())


def declarations(model):
    found = {}
    for base in reversed(model.__mro__):
        found.update(getattr(base.__dict__.get("Privacy"), "plain", {}))
    return found


@pytest.mark.parametrize(
    "model", [m for m in MODELS if m._meta.app_label in OURS and not m._meta.auto_created]
)
def test_every_plain_column_of_ours_says_its_level_and_purpose(model):
    declared = declarations(model)
    missing = [
        field.name
        for field in (*model._meta.concrete_fields, *model._meta.many_to_many)
        if not isinstance(field, EnvelopeField) and field.name not in declared
    ]
    assert not missing
    assert all(
        isinstance(plain, Plain) and 1 <= plain.level <= 3 and plain.purpose
        for plain in declared.values()
    )


@pytest.mark.parametrize(
    "model", [m for m in MODELS if m._meta.app_label in OURS and not m._meta.auto_created]
)
def test_no_declaration_outlives_its_column(model):
    names = {f.name for f in model._meta.get_fields() if isinstance(f, Field)} | {
        "restricted_version"
    }
    assert set(declarations(model)) <= names


@pytest.mark.parametrize(
    "model", [m for m in MODELS if m._meta.app_label not in OURS or m._meta.auto_created]
)
def test_every_column_of_a_library_table_is_declared(model):
    declared = library_fields.for_model(model)
    assert {field.name for field in model._meta.concrete_fields} <= set(declared)


@pytest.mark.parametrize("model", SEALED)
def test_sealed_models_are_whole(model):
    shape = shape_of(model)
    labels = [other.seal_label for other in SEALED]
    assert labels.count(model.seal_label) == 1
    assert model.category
    assert model.scope
    assert "body" in shape.columns
    assert all(not column.null for column in shape.columns.values())
    for field in shape.fields.values():
        assert field.envelope in shape.columns, field.name
        assert 1 <= field.level <= 5
        assert field.purpose
        assert (field.level == 5) == (field.envelope == "restricted")
        assert not (field.level == 5 and field.index)
    keys = [field.key for field in shape.fields.values()]
    assert len(keys) == len(set(keys))
    assert model.__mro__[1:].count(SealedModel) == 1


def test_level_4_and_5_are_never_plain():
    assert all(
        isinstance(field, Sealed) for model in SEALED for field in shape_of(model).fields.values()
    )


def test_a_sealed_model_never_inherits_from_another_table():
    assert not [model for model in SEALED if model._meta.parents]


def test_the_register_of_seals_is_what_the_code_declares():
    assert json.dumps(register.stored(), indent=0) == json.dumps(register.declared(), indent=0), (
        "run `manage.py seals --write` and commit the difference with the declaration"
    )


def test_no_two_models_share_the_label_of_their_seals():
    labels = [model.seal_label for model in register.sealed_models()]
    assert len(labels) > 50
    assert sorted(set(labels)) == sorted(labels)
