"""guardian's backend, made to honour the time of a permission and nothing but `open_chart`."""

from __future__ import annotations

from typing import Any

from guardian.backends import ObjectPermissionBackend

from patients.models import ChartPermission, Patient

OPEN_CHART = "open_chart"


class ChartBackend(ObjectPermissionBackend):
    """Answers `open_chart` for one patient from permissions in force; everything else is no."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Tell whether the user has a permission in force on this patient's chart."""
        if not isinstance(obj, Patient) or perm.removeprefix("patients.") != OPEN_CHART:
            return False
        held = ChartPermission.objects.in_force().filter(
            user_id=user_obj.pk, content_object_id=obj.pk
        )
        return bool(user_obj.is_active) and held.exists()

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return the object permissions of the user on this patient."""
        return {OPEN_CHART} if self.has_perm(user_obj, OPEN_CHART, obj) else set()
