"""Taking the next number of a series: without a gap, each once."""

from __future__ import annotations

from django.db import transaction

from patients.models import NumberSeries


@transaction.atomic
def take(*, key: str) -> int:
    """Return the next number; two who take at once stand in line until the first deed commits."""
    NumberSeries.objects.bulk_create([NumberSeries(key=key)], ignore_conflicts=True)
    row = NumberSeries.objects.select_for_update().get(pk=key)
    row.last += 1
    row.save(update_fields=["last"])
    return row.last
