"""The ledger: leaves in sealing order, the tree over them, and the heads that were signed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from security.classification import Plain
from security.ids import new_id


class Leaf(models.Model):
    """One sealed event: the bytes that the tree covers, so that what it said stays known.

    Only inserted, by the sealer alone. The mark is the sealer's signature over place and hash: it names the
    one entry that was touched, where the root of the tree tells only that some entry was.
    """

    number = models.BigIntegerField(primary_key=True)
    event_id = models.UUIDField(unique=True)
    content = models.BinaryField()
    hash = models.BinaryField(max_length=32)
    mark = models.BinaryField(max_length=64)

    class Meta:
        verbose_name, verbose_name_plural = _("entry of the ledger"), _("entries of the ledger")

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="integrity")
            for name in ("number", "event_id", "content", "hash", "mark")
        }

    def __str__(self) -> str:
        """Name the entry by its number."""
        return f"entry {self.number}"


class Node(models.Model):
    """The root of one complete subtree of 256 leaves (level 1), of 256 of those (level 2), and so on."""

    pk = models.CompositePrimaryKey("level", "number")
    level = models.PositiveSmallIntegerField()
    number = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        verbose_name, verbose_name_plural = _("node of the ledger"), _("nodes of the ledger")

    class Privacy:
        plain = {name: Plain(level=3, purpose="integrity") for name in ("level", "number", "hash")}

    def __str__(self) -> str:
        """Name the node by its place."""
        return f"node {self.level}/{self.number}"


class Checkpoint(models.Model):
    """One signed head of the tree; the note is what counts, the other columns find it."""

    number = models.BigIntegerField(primary_key=True)
    size = models.BigIntegerField()
    issued_at = models.DateTimeField()
    note = models.TextField()

    class Meta:
        verbose_name, verbose_name_plural = _("checkpoint"), _("checkpoints")
        indexes = (models.Index(fields=["size", "number"], name="audit_checkpoint_size"),)

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="integrity")
            for name in ("number", "size", "issued_at", "note")
        }

    def __str__(self) -> str:
        """Name the checkpoint by its size."""
        return f"checkpoint {self.number} of {self.size} entries"


class Stamp(models.Model):
    """What a time-stamping authority signed about one checkpoint (RFC 3161); only inserted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    checkpoint = models.BigIntegerField()
    stamped_at = models.DateTimeField()
    answer = models.BinaryField()

    class Meta:
        verbose_name, verbose_name_plural = _("time stamp"), _("time stamps")

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="integrity")
            for name in ("id", "checkpoint", "stamped_at", "answer")
        }

    def __str__(self) -> str:
        """Name the stamp by its checkpoint."""
        return f"stamp of checkpoint {self.checkpoint}"


class Anchor(models.Model):
    """How one outside place stands that checkpoints are sent to."""

    name = models.CharField(primary_key=True, max_length=12)
    tried_at = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(null=True)
    # The checkpoint that got there last, and how often in a row none did since.
    checkpoint = models.BigIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        verbose_name, verbose_name_plural = _("anchor"), _("anchors")

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="integrity")
            for name in (
                "name", "tried_at", "succeeded_at", "checkpoint", "failures", "failure",
            )
        }  # fmt: skip

    def __str__(self) -> str:
        """Name the anchor."""
        return self.name


class Heartbeat(models.Model):
    """When a process was last alive, and what keeps it from its work."""

    process = models.CharField(primary_key=True, max_length=12)
    beaten_at = models.DateTimeField()
    trouble = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        verbose_name, verbose_name_plural = _("sign of life"), _("signs of life")

    class Privacy:
        plain = {
            name: Plain(level=3, purpose="integrity")
            for name in ("process", "beaten_at", "trouble")
        }

    def __str__(self) -> str:
        """Name the process."""
        return self.process
