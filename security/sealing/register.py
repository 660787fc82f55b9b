"""The register of seals: what security/seals.json must say about every sealed field in the product."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps

from security.sealing.fields import Sealed
from security.sealing.rows import SealedModel
from security.sealing.shape import shape_of

PATH = Path(__file__).resolve().parent.parent / "seals.json"


def sealed_models() -> Iterator[type[SealedModel]]:
    """Yield every concrete sealed model, by seal label."""
    found = [model for model in apps.get_models() if issubclass(model, SealedModel)]
    yield from sorted(found, key=lambda model: model.seal_label)


def entry(model: type[SealedModel], field: Sealed) -> dict[str, Any]:
    """Return what the register holds about one field."""
    scope = "restricted" if field.envelope == "restricted" else str(model.scope)
    return {
        "label": model.seal_label,
        "key": field.key,
        "type": field.sealed_type(),
        "envelope": field.envelope,
        "level": field.level,
        "scope": scope,
    }


def declared() -> list[dict[str, Any]]:
    """Return the register as the code declares it now."""
    return [
        entry(model, field)
        for model in sealed_models()
        for field in sorted(shape_of(model).fields.values(), key=lambda field: field.key)
    ]


def stored() -> list[dict[str, Any]]:
    """Return the register as it was committed."""
    content: list[dict[str, Any]] = json.loads(PATH.read_text())
    return content


def write() -> None:
    """Write the register; the difference belongs into the same commit as the declaration."""
    lines = ",\n".join(json.dumps(line) for line in declared())
    PATH.write_text(f"[\n{lines}\n]\n")
