"""Numbers given one after the other without a gap."""

from __future__ import annotations

from django.db import models

from security.classification import Plain


class NumberSeries(models.Model):
    """A series of numbers; whoever takes one holds the row until the deed commits, so none is lost."""

    key = models.CharField(primary_key=True, max_length=40)
    last = models.PositiveBigIntegerField(default=0)

    class Privacy:
        plain = {name: Plain(level=2, purpose="operation") for name in ("key", "last")}

    def __str__(self) -> str:
        """Name the series."""
        return self.key
