"""Ask the rules of monitoring about history."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date
from tqdm import tqdm

from audit.models import Alert
from audit.services import monitoring
from security import trail


class Command(BaseCommand):
    """Asks every rule about the days between two dates; a second run raises nothing twice."""

    help = "Ask the rules of monitoring about the trail of some days."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the first and the last day."""
        parser.add_argument("--from", dest="first", required=True, help="first day, YYYY-MM-DD")
        parser.add_argument("--to", dest="last", required=True, help="last day, YYYY-MM-DD")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay with a bar, and say what was raised."""
        since, last = _midnight(options["first"]), _midnight(options["last"])
        until = min(last + timedelta(days=1), timezone.now())
        if since >= until:
            raise CommandError("--from must be before --to, and not in the future")
        before = Alert.objects.count()
        days = (until - since) / timedelta(days=1)
        with (
            trail.acting_for(system="audit.replay", purpose="HOPERAT"),
            tqdm(total=round(days, 2), unit="day", file=self.stderr, disable=None) as bar,
        ):
            count = monitoring.replay(
                since=since,
                until=until,
                progress=lambda part: bar.update(part / timedelta(days=1)),
            )
        raised = Alert.objects.count() - before
        self.stdout.write(f"{count} events looked at, {raised} alerts raised")


def _midnight(text: str) -> datetime:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise CommandError(f"{text!r} is no date: write YYYY-MM-DD")
    return timezone.make_aware(datetime.combine(day, time.min))
