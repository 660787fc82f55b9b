"""Code lists: what conditions, medicines, measurements are called; reference data without a person in it."""

from __future__ import annotations

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import BooleanField, F, Func, Value
from django.utils.translation import gettext_lazy as _

from security.ids import new_id
from security.sealing import Plain


class CodeSystem(models.Model):
    """Whose codes they are, by the address that FHIR names it by."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    url = models.CharField(max_length=200, unique=True)
    name = models.CharField(max_length=60)

    class Privacy:
        plain = {name: Plain(level=1, purpose="reference") for name in ("id", "url", "name")}

    def __str__(self) -> str:
        """Name the system as clinicians know it."""
        return self.name


class CodeQuerySet(models.QuerySet["Code"]):
    """Queries for codes."""

    def with_words(self, *ways: list[str]) -> Self:
        """Keep codes that have, in one of these ways, a word beginning with each text; an index serves it."""
        asked = Value(" | ".join(" & ".join(map(_start, way)) for way in ways))
        return self.filter(
            Func(
                Func(F("words"), function="array_to_tsvector"),
                Func(asked, template="(%(expressions)s)::tsquery"),
                template="(%(expressions)s)",
                arg_joiner=" @@ ",
                output_field=BooleanField(),
            )
        )


def _start(text: str) -> str:
    quoted = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}':*"


class Code(models.Model):
    """One code of one system, for one kind of entry, called in both languages."""

    class Kind(models.TextChoices):
        """Which field of which form a code is offered in."""

        CONDITION = "condition", _("Diagnosis")
        ALLERGY = "allergy", _("Allergy")
        REACTION = "reaction", _("Reaction")
        MEDICATION = "medication", _("Medicine")
        OBSERVATION = "observation", _("Result")
        VACCINE = "vaccine", _("Vaccine")
        PROCEDURE = "procedure", _("Procedure")
        PLAN = "plan", _("Care plan")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    system = models.ForeignKey(CodeSystem, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    code = models.CharField(max_length=40)
    display_en = models.CharField(max_length=200, blank=True)
    display_zh = models.CharField(max_length=200, blank=True)
    # Of a measurement: its unit in UCUM and the usual range of adults.
    unit = models.CharField(max_length=40, blank=True)
    low = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    high = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    # Of an allergy: beginnings of the ATC codes of the medicines it is about, parted by spaces.
    medicines = models.CharField(max_length=200, blank=True)
    # What a search finds it by: words, Han from each character on, pinyin and its initials, the code.
    words = ArrayField(models.TextField())

    objects = CodeQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["system", "kind", "code"], name="patients_code_one_each"
            ),
            models.CheckConstraint(
                condition=~models.Q(display_en="", display_zh=""), name="patients_code_is_called"
            ),
        )
        indexes = (
            GinIndex(Func(F("words"), function="array_to_tsvector"), name="patients_code_words"),
        )

    class Privacy:
        plain = {
            name: Plain(level=1, purpose="reference")
            for name in (
                "id", "system", "kind", "code", "display_en", "display_zh", "unit", "low", "high",
                "medicines", "words",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the code; no person is in it."""
        return self.code

    @property
    def text(self) -> str:
        """Return what it is called in both languages, as a bilingual chart writes it."""
        return " · ".join(filter(None, dict.fromkeys((self.display_en, self.display_zh))))
