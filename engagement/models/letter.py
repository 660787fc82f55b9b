"""Letters for the post: printed together, then marked as posted."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from security.classification import Plain
from security.ids import new_id
from security.models import User


class LetterBatch(models.Model):
    """Some letters that are printed together; they count as sent once somebody says that they are."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    count = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    posted_at = models.DateTimeField(null=True)
    posted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name, verbose_name_plural = _("batch of letters"), _("batches of letters")

    class Privacy:
        plain = {
            name: Plain(level=2, purpose="delivery")
            for name in ("id", "count", "made_at", "made_by", "posted_at", "posted_by")
        }

    def __str__(self) -> str:
        """Name the batch by its id."""
        return str(self.pk)
