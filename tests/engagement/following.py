"""What the tests of follow-up stand on: a patient in somebody's care, a register, templates, tasks."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from engagement.models import PlanTemplate, Task
from engagement.queries.executors import Executor
from engagement.services import plans, tasks, templates
from engagement.services.plans import Began
from engagement.services.tasks import What
from tests import consenting

DAY = timedelta(days=1)


def task(patient, user=None, *, area="care", days=0, by=None, **fields):
    """Make a task that is due in so many days."""
    what = What(
        title=fields.pop("title", "Call"), due_at=timezone.now() + days * DAY, area=area, **fields
    )
    executor = Executor(user_id=user.pk) if user else Executor()
    return tasks.create(patient_id=patient.pk, what=what, executor=executor, by=by)


def template(key):
    """Return a shipped template; care is a purpose of the register then."""
    consenting.purpose("care", grounds=consenting.CARE, uses=["TREAT"])
    if not PlanTemplate.objects.exists():
        templates.ship()
    return PlanTemplate.objects.get(key=key)


def started(patient, key="call-in-a-week", *, by=None, days=0):
    """Start a plan that began so many days ago."""
    began = Began(timezone.localdate() - days * DAY)
    return plans.start(patient_id=patient.pk, template=template(key), began=began, by=by)


def undone(row):
    """Return the open tasks of a plan."""
    return list(Task.objects.open().filter(plan=row).order_by("due_at"))
