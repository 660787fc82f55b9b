"""The gate on every view: who may pass, about whom, how fresh the factor, and the read event afterwards."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, Literal, cast
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from security import context, trail
from security.access import decision as decisions
from security.access import registry
from security.access.categories import Reach
from security.access.permissions import Permission
from security.access.roles import roles_that_may
from security.models import Throttle, User
from security.sealing import keyring
from security.sealing.errors import SealBroken, StaleRecord

log = logging.getLogger(__name__)

View = Callable[..., HttpResponseBase]
FACTOR_AT = "factor_at"
# So long an account that is slowed down waits between two pages about patients, in all its sessions.
SLOW_SECONDS = 20
PURPOSE = "purpose"


class SignedInRequest(HttpRequest):
    """A request behind `@requires`: its user is known and gave both factors."""

    user: User


class Refused(Exception):
    """A deed refuses what was asked; the reason is a sentence for the person who asked."""

    def __init__(self, reason: str | Promise) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Unrecorded(Exception):
    """What was read could not be recorded, so it is not shown."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What one view asks of who comes."""

    kind: Literal["public", "factor", "requires"]
    permission: Permission | None = None
    of: str = ""
    step_up: bool = False
    account_kind: str = User.Kind.STAFF
    # Any of these passes as well: a page that shows less to those who may only read masked.
    others: tuple[Permission, ...] = ()

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """Return the permissions of which one is enough, the fullest first."""
        return (self.permission, *self.others) if self.permission else ()


def requires(
    permission: Permission,
    *others: Permission,
    of: str = "",
    step_up: bool = False,
    account_kind: str = User.Kind.STAFF,
) -> Callable[[View], View]:
    """Gate a view with a permission or one of others; `of` names the URL keyword of the patient."""
    return _gated(Gate("requires", permission, of, step_up, account_kind, others))


def public(view: View) -> View:
    """Open a view to people without a session; a session between its two factors is sent on."""
    return _gated(Gate("public"))(view)


def factor_step(view: View) -> View:
    """Open a view to sessions that gave the first factor: the second factor's pages and sign-out."""
    return _gated(Gate("factor"))(view)


def _gated(gate: Gate) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        def gated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return pass_through(gate, view, request, *args, **kwargs)

        gated.gate = gate  # type: ignore[attr-defined]
        return gated

    return decorate


def pass_through(
    gate: Gate, view: View, request: HttpRequest, *args: Any, **kwargs: Any
) -> HttpResponseBase:
    """Run a view behind its gate: decide, run to a rendered response, record what was read."""
    here = context.current()
    here.may_open = True
    try:
        response = _answer(gate, view, request, *args, **kwargs)
        if response.streaming:
            raise Unrecorded(
                "a streamed answer must record its reads itself, before its first byte"
            )
        return _recorded(request, response)
    finally:
        here.may_open = False


def _answer(
    gate: Gate, view: View, request: HttpRequest, *args: Any, **kwargs: Any
) -> HttpResponseBase:
    try:
        barrier = _barrier(gate, request, kwargs)
        if barrier is not None:
            return barrier
        response = view(request, *args, **kwargs)
        return response.render() if hasattr(response, "render") else response
    except Refused as refused:
        return refuse(request, refused.reason)
    except PermissionDenied:
        return refuse(request, _("Your account does not include this."))
    except Http404:
        return hidden(request)
    except StaleRecord:
        return render(request, "409.html", status=409)
    except SealBroken:
        return render(request, "unavailable.html", status=503)


def _recorded(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    try:
        trail.record_reads(context.current())
    except Exception:
        # Fail closed: whatever kept the trail from being written, nobody sees what it should have told of.
        log.exception("reads could not be recorded")
        return render(request, "503.html", status=503)
    return response


def _barrier(gate: Gate, request: HttpRequest, kwargs: dict[str, Any]) -> HttpResponseBase | None:
    if gate.kind != "requires":
        is_waiting = gate.kind == "public" and is_half_signed_in(request)
        return send_to_factor(request) if is_waiting else None
    return _stopped(gate, request) or _decided(gate, cast(SignedInRequest, request), kwargs)


def _stopped(gate: Gate, request: HttpRequest) -> HttpResponseBase | None:
    """Answer for who is not signed in in full, for the wrong kind of account, and for what alerts ask."""
    user = request.user
    if not isinstance(user, User) or not user.is_authenticated:
        return send_to_sign_in(request)
    if not is_verified(request):
        return send_to_factor(request)
    if user.kind != gate.account_kind or gate.permission is None:
        return hidden(request)
    here = context.current()
    here.actor, here.roles = user, decisions.roles_of(user)
    here.purpose = purpose_of(cast(SignedInRequest, request))
    if _asks_for_factor(request, user):
        return send_to_step_up(request)
    return too_fast(request) if gate.of and _is_too_fast(user) else None


def _decided(
    gate: Gate, request: SignedInRequest, kwargs: dict[str, Any]
) -> HttpResponseBase | None:
    here, user = context.current(), request.user
    barrier = None
    if gate.of:
        here.purpose = decisions.purpose_about(user, kwargs[gate.of], here.purpose)
        barrier = _about(gate.permissions, kwargs[gate.of], request)
    elif all(decisions.reach_of_user(user, one) is Reach.NONE for one in gate.permissions):
        return refuse(request, _("Your role does not include this."), permission=gate.permission)
    if barrier is None and gate.step_up and not has_fresh_factor(request):
        return send_to_step_up(request)
    return barrier


def _about(
    permissions: Sequence[Permission], patient: UUID, request: SignedInRequest
) -> HttpResponseBase | None:
    here, user = context.current(), request.user
    for permission in permissions:
        made = decisions.decide(user, permission, patient, here.purpose)
        if made.allowed or (made.step_up and has_fresh_factor(request)):
            here.basis = str(made.basis or "")
            here.sources |= {made.source} if made.source else set()
            return None
        if made.step_up:
            return send_to_step_up(request)
    refused = [decisions.decide(user, one, patient, here.purpose) for one in permissions]
    # Of several answers the one is told that is about this person.
    made = next((one for one in refused if one.rule in registry.restrictions), refused[0])
    if not _is_visible(user, patient):
        heir = registry.heir_of(patient)
        if heir is not None and _is_visible(user, heir):
            return _follow(request, patient, heir)
    # What a restriction refuses is known to the person, so its reason is told.
    if made.rule not in registry.restrictions and not _is_visible(user, patient):
        return hidden(request, patient)
    return refuse(request, made.reason, permission=permissions[0], patient=patient, made=made)


def _follow(request: SignedInRequest, patient: UUID, heir: UUID) -> HttpResponse:
    """Lead to the same page of the record that this one was merged into; a deed is never led on."""
    if request.method not in {"GET", "HEAD"}:
        return render(request, "409.html", status=409)
    # The address holds nothing of the person; the query may hold ids of rows, which stay the same.
    return HttpResponseRedirect(request.get_full_path().replace(str(patient), str(heir), 1))


def _is_visible(user: User, patient: UUID) -> bool:
    purpose = context.current().purpose
    return any(
        decisions.decide(user, permission, patient, purpose).is_reachable
        for permission in (Permission.DEMOGRAPHICS_READ, Permission.DEMOGRAPHICS_READ_MASKED)
    )


def refuse(
    request: HttpRequest,
    reason: str | Promise,
    *,
    permission: Permission | None = None,
    patient: UUID | None = None,
    made: decisions.Decision | None = None,
) -> HttpResponse:
    """Answer 403 with the reason, the roles that may and whether to ask for access; record the refusal."""
    with transaction.atomic():
        trail.record(
            "security.access.refused",
            outcome="refused",
            subjects=[patient] if patient else [],
            fields=_refused_by(permission, made),
        )
    # No role helps against what is refused about this one person.
    is_personal = made is not None and made.rule in registry.restrictions
    named = roles_that_may(permission) if permission and not is_personal else []
    roles = [role.label for role in named]
    asks_about = patient if made is not None and made.glass and _may_ask(request) else None
    page = {"reason": reason, "roles_that_may": roles, "asks_about": asks_about}
    return render(request, "403.html", page, status=403)


def _refused_by(permission: Permission | None, made: decisions.Decision | None) -> list[str]:
    """Name for the trail what was asked for and the rule that refused it."""
    if permission is None:
        return []
    named = [str(permission), f"rule:{made.rule if made is not None else 'role'}"]
    source = made.source if made is not None else None
    return [*named, f"source:{source}"] if source else named


def hidden(request: HttpRequest, patient: UUID | None = None) -> HttpResponse:
    """Answer the one 404 for what is hidden and what does not exist, and record the attempt."""
    with transaction.atomic():
        trail.record(
            "security.access.hidden", outcome="refused", subjects=[patient] if patient else []
        )
    # Hidden or absent, the same is offered: a way to ask that tells nothing.
    page = {"asks_about": patient if patient is not None and _may_ask(request) else None}
    return render(request, "404.html", page, status=404)


def _may_ask(request: HttpRequest) -> bool:
    user = request.user
    return isinstance(user, User) and (
        decisions.reach_of_user(user, Permission.CLINICAL_REQUEST) is not Reach.NONE
    )


def _asks_for_factor(request: HttpRequest, user: User) -> bool:
    """Tell whether an alert asks this account for a fresh factor, which this session has not given yet."""
    since = user.fresh_factor_from
    if since is None or request.path_info == reverse("security:step_up"):
        return False
    return bool(request.session.get(FACTOR_AT, 0) < int(since.timestamp()))


def _is_too_fast(user: User) -> bool:
    """Tell whether an account that an alert slowed down asks for the next page about a patient too soon."""
    now = timezone.now()
    if user.slowed_until is None or user.slowed_until <= now:
        return False
    before = now - timedelta(seconds=SLOW_SECONDS)
    key = keyring.index_digest("throttle", f"slowed {user.pk}")[:16]
    first = Throttle(key=key, first_at=now, last_at=before)
    Throttle.objects.bulk_create([first], ignore_conflicts=True)
    # One row for all sessions, taken in one statement: requests at the same moment pass one after another.
    return not Throttle.objects.filter(key=key, last_at__lte=before).update(last_at=now)


def too_fast(request: HttpRequest) -> HttpResponse:
    """Answer 429 to an account that is slowed down; what is behind the page is not opened."""
    with transaction.atomic():
        trail.record("security.access.slowed", outcome="refused")
    return render(request, "429.html", {"seconds": SLOW_SECONDS}, status=429)


def is_verified(request: HttpRequest) -> bool:
    """Tell whether this session gave its second factor."""
    check = getattr(request.user, "is_verified", None)
    return bool(check and check())


def is_half_signed_in(request: HttpRequest) -> bool:
    """Tell whether this session gave its first factor and not the second."""
    return "half" in request.session or (request.user.is_authenticated and not is_verified(request))


def has_fresh_factor(request: HttpRequest) -> bool:
    """Tell whether the second factor was given within the last five minutes."""
    at = request.session.get(FACTOR_AT, 0)
    return bool(0 <= timezone.now().timestamp() - at <= settings.STEP_UP_SECONDS)


def purpose_of(request: SignedInRequest) -> str:
    """Return the purpose this session states, or the usual one of its user's roles."""
    possible = decisions.purposes_of(request.user)
    stated = request.session.get(PURPOSE)
    return str(stated if stated in possible else next(iter(possible), ""))


def send_to_sign_in(request: HttpRequest, *, reason: str = "") -> HttpResponseBase:
    """Answer with the way to the sign-in page, back to here afterwards; `reason` says why."""
    return _send(request, "security:sign_in", reason=reason)


def send_to_factor(request: HttpRequest) -> HttpResponseBase:
    """Answer with the way to the second factor."""
    return _send(request, "security:factor")


def send_to_step_up(request: HttpRequest) -> HttpResponseBase:
    """Answer with the way to a fresh second factor."""
    return _send(request, "security:step_up")


def _send(request: HttpRequest, name: str, *, reason: str = "") -> HttpResponse:
    is_htmx = request.headers.get("HX-Request") == "true"
    is_page = request.method in {"GET", "HEAD"} and not is_htmx
    query = {"next": request.get_full_path() if is_page else _page_before(request)}
    address = f"{reverse(name)}?{urlencode(query | ({'reason': reason} if reason else {}))}"
    if is_htmx:
        return HttpResponse(status=403, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def _page_before(request: HttpRequest) -> str:
    # The page that posted, never the address that was posted to: going back there must be a GET.
    address = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    if not url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}):
        return "/"
    return urlsplit(address).path or "/"
