"""Answers that are written often, kept in both languages; they name nobody."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from security.classification import Plain
from security.ids import new_id
from security.models import Unit


class CannedReply(models.Model):
    """One ready answer, for everybody or for one inbox."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    title = models.CharField(_("title"), max_length=80)
    title_zh = models.CharField(_("Chinese title"), max_length=80)
    text = models.TextField(_("text"), max_length=2000)
    text_zh = models.TextField(_("Chinese text"), max_length=2000)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name, verbose_name_plural = _("ready answer"), _("ready answers")
        constraints = (
            models.UniqueConstraint(
                fields=["unit", "title"], nulls_distinct=False, name="engagement_cannedreply_one"
            ),
        )

    class Privacy:
        plain = {
            name: Plain(level=1, purpose="organisation")
            for name in ("id", "unit", "title", "title_zh", "text", "text_zh", "is_active")
        }

    def __str__(self) -> str:
        """Name the answer by its title."""
        return self.title
