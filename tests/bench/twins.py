"""The plaintext twin: the same page and the same search over readable columns, with the same event."""

from __future__ import annotations

from typing import Any

from django.db import connection, models, transaction

from patients.models.visibility import VisibleQuerySet
from patients.queries import lists, pages, people, search
from security import context, trail
from security.classification import Category
from security.models import User

TABLE = """
CREATE TABLE IF NOT EXISTS bench_person (
    id uuid PRIMARY KEY, names jsonb, birth_on date, birth_precision text, sex text,
    record_number text, deceased boolean, confidentiality varchar(8), last_activity_at timestamptz,
    family text, given text
);
CREATE INDEX IF NOT EXISTS bench_person_activity ON bench_person (last_activity_at DESC);
CREATE INDEX IF NOT EXISTS bench_person_family ON bench_person (family text_pattern_ops);
CREATE INDEX IF NOT EXISTS bench_person_given ON bench_person (given text_pattern_ops);
CREATE INDEX IF NOT EXISTS bench_person_number ON bench_person (record_number);
"""
READ = [f"patients.patient.{name}" for name in ("names", "birth_on", "birth_precision", "sex", "record_number", "deceased")]  # fmt: skip


class PlainQuerySet(models.QuerySet["PlainPerson"]):
    """Queries over readable rows, with the same visibility."""

    visible_to = VisibleQuerySet.visible_to


class PlainPerson(models.Model):
    """A patient as a product without sealing would store one."""

    id = models.UUIDField(primary_key=True)
    names = models.JSONField()
    birth_on = models.DateField()
    birth_precision = models.TextField()
    sex = models.TextField()
    record_number = models.TextField()
    deceased = models.BooleanField()
    confidentiality = models.CharField(max_length=8)
    last_activity_at = models.DateTimeField()
    family = models.TextField()
    given = models.TextField()

    objects = PlainQuerySet.as_manager()

    class Meta:
        app_label = "crm"
        managed = False
        db_table = "bench_person"

    def __str__(self) -> str:
        """Name the row by its id."""
        return str(self.pk)


def create() -> None:
    """Make the twin's table."""
    with connection.cursor() as cursor:
        cursor.execute(TABLE)


def add_trigrams() -> bool:
    """Index the readable names by trigrams; return False where the server can not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
        if not cursor.fetchone():
            return False
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cursor.execute(
            "CREATE INDEX IF NOT EXISTS bench_person_trgm ON bench_person USING gin (family gin_trgm_ops)"
        )
        cursor.execute("ANALYZE bench_person")
    return True


def recent(user: User, after: str = "") -> dict[str, Any]:
    """Return the home page's list from readable rows; the same decisions, rows and reads."""
    visible = PlainPerson.objects.visible_to(user, Category.DEMOGRAPHICS)
    found = list(pages.latest_active(visible, None).defer("family", "given")[: lists.PAGE + 1])
    shown = _rows(user, found[: lists.PAGE])
    total = visible.order_by()[: lists.COUNTED + 1].count()
    return {
        "rows": shown,
        "total": total if total <= lists.COUNTED else None,
        "is_long": total > lists.COUNTED,
        "shown": len(shown),
        "next_url": pages.next_of_patients(found, lists.PAGE) if shown else None,
    }


def by_prefix(user: User, typed: str) -> dict[str, Any]:
    """Return whose family or given name begins so by LIKE: the same people, order and event."""
    begun = models.Q(family__startswith=typed) | models.Q(given__startswith=typed)
    return _search(user, PlainPerson.objects.filter(begun), "name")


def by_substring(user: User, typed: str) -> dict[str, Any]:
    """Return what a substring LIKE over a trigram index finds."""
    return _search(user, PlainPerson.objects.filter(family__contains=typed), "name")


def by_number(user: User, typed: str) -> dict[str, Any]:
    """Return what an equal record number finds."""
    return _search(user, PlainPerson.objects.filter(record_number=typed), "identifier")


def _search(user: User, asked: Any, kind: str) -> dict[str, Any]:
    visible = asked.visible_to(user, Category.DEMOGRAPHICS).defer("family", "given")
    found = list(pages.latest_active(visible, None)[: search.SHOWN + 1])
    shown = _rows(user, found[: search.SHOWN])
    with transaction.atomic():
        trail.record("patients.search.made", fields=[kind], counts={"hits": len(shown)})
    return {"state": "found", "hits": shown, "more": len(found) > search.SHOWN}


def _rows(user: User, found: list[PlainPerson]) -> list[dict[str, Any]]:
    here = context.current()
    for person in found:
        for name in READ:
            here.note_read(person.pk, name)
    return people.rows(found, people.sights(user, [person.pk for person in found]))  # type: ignore[arg-type]
