"""Somebody at a browser window, with a watch on all that must never happen there."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyotp
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    Request,
    Response,
    ViewportSize,
    expect,
)

from crm.demo.clinic import Clinic
from crm.demo.staff import DOMAIN, KNOWN_PHRASE
from security import trail
from security.access.gate import FACTOR_AT
from security.models import TotpFactor, User
from tests import world

# Machines that run the journeys may be busy; a journey that fails may take its time.
PATIENCE = 30_000
STEP = 30
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# No page has sound or films, for which axe would load ahead.
QUICK = {"resultTypes": ["violations"], "preload": False}
# The dark appearance changes colours and nothing else of a page.
LOOKS = {
    "light": {"runOnly": {"type": "tag", "values": WCAG}, **QUICK},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}, **QUICK},
}  # fmt: skip
REPORT = "document.addEventListener('securitypolicyviolation', e => console.error('policy: ' + e.violatedDirective + ' ' + e.blockedURI))"
OVERFLOW = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
# Links of the administration change colour in a tenth of a second.
SETTLED = """async () => {
    await new Promise(requestAnimationFrame);
    await Promise.allSettled(document.getAnimations().map(one => one.finished));
}"""
PICTURES = Path(settings.BASE_DIR) / "var" / "journeys"
# A picture takes a third of a second, so they are taken where somebody will look at them.
ARE_WANTED = bool(os.environ.get("CUSTODIA_PICTURES"))
PHONE = ViewportSize(width=360, height=740)


def code_of(user: User) -> str:
    """Return a code that the person's app shows and that was not used yet."""
    with trail.acting_for(system="tests", purpose="HSYSADMIN"):
        factor = TotpFactor.objects.filter(user=user, confirmed=True).latest("created_at")
        # As if half a minute had passed since the last code.
        TotpFactor.objects.filter(pk=factor.pk).update(last_step=-1)
        return pyotp.TOTP(factor.secret).now()


def told_of(place: str, violations: list[dict[str, Any]]) -> list[str]:
    """Return what is wrong with a page, a line for each rule and element."""
    return [
        f"{place}: {one['id']}: {node['target']} {node['failureSummary']}"
        for one in violations
        for node in one["nodes"]
    ]


@dataclass
class Visitor:
    """One window; `expected` are the answers above 400 that this journey asks for."""

    page: Page
    base: str
    clinic: Clinic
    has_script: bool = True
    expected: set[int] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        self.page.on("dialog", self._on_dialog)
        self.page.on("requestfailed", self._on_failed)
        self.page.on("response", self._on_response)

    # --- the watch ------------------------------------------------------------------------------

    def _on_console(self, message: ConsoleMessage) -> None:
        # An answer above 400 is judged as an answer.
        if message.type == "error" and "the server responded with a status of" not in message.text:
            self.problems.append(f"console: {message.text}")

    def _on_dialog(self, dialog: Dialog) -> None:
        self.problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _on_failed(self, request: Request) -> None:
        # A page that is left, or a search overtaken by the next letter, is no failure.
        if "ERR_ABORTED" not in (request.failure or ""):
            self.problems.append(f"request: {request.url} {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.problems.append(f"answer: {response.status} {response.url}")

    def look(self, name: str) -> None:
        """Check a page for WCAG 2.2 AA in both appearances, and whether it fits a phone."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        for scheme, options in LOOKS.items():
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            self.page.evaluate(SETTLED)
            found = self.page.evaluate("options => axe.run(options)", options)
            self.problems += told_of(f"{name}, {scheme}", found["violations"])
        self.page.emulate_media(color_scheme="light")
        self.fits_a_phone(name)

    def fits_a_phone(self, name: str) -> None:
        """Check that nothing of a page must be scrolled sideways on a narrow screen."""
        usual = self.page.viewport_size
        self.page.set_viewport_size(PHONE)
        if (over := self.page.evaluate(OVERFLOW)) > 0:
            self.problems.append(f"{name} is {over} px too wide for a phone")
        self.page.set_viewport_size(usual or PHONE)

    def shoots(self, name: str) -> None:
        """Keep a picture of the whole page, for people who look at journeys afterwards."""
        if not ARE_WANTED:
            return
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.evaluate(SETTLED)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)

    # --- what a person does ---------------------------------------------------------------------

    def goes(self, address: str) -> None:
        """Type an address."""
        self.page.goto(address)

    def presses(self, name: str, *, role: Any = "button", **more: Any) -> None:
        """Press what goes by a name."""
        self.page.get_by_role(role, name=name, **more).click()
        # Nobody types before a page's scripts listen.
        self.page.wait_for_load_state()

    def sees(self, text: str | re.Pattern[str], *, within: str = "main") -> Locator:
        """Check that a text is to be seen, and return its place."""
        place = self.page.locator(within)
        expect(place).to_contain_text(text)
        return place

    def signs_in(self, handle: str) -> User:
        """Sign in at the door with password and code."""
        user = self.clinic.people[handle]
        if "/sign-in/" not in self.page.url:
            self.goes("/sign-in/")
        self.gives_password(f"{handle}@{DOMAIN}", KNOWN_PHRASE)
        self.gives_code(user)
        if not self.has_script:
            self.presses("Sign in", exact=True)
        self.page.wait_for_url(lambda url: "/sign-in/" not in url)
        return user

    def gives_password(self, name: str, password: str) -> None:
        """Fill in the first page of the door."""
        self.page.locator("input[name=name]").fill(name)
        self.page.locator("input[name=password]").fill(password)
        self.page.locator("main form button[type=submit]").first.click()
        self.page.wait_for_url(re.compile("/sign-in/(factor|enrol)/"))

    def gives_code(self, user: User) -> None:
        """Type the code of the moment; the page sends it with the sixth figure."""
        self.page.locator("input[name=code]").press_sequentially(code_of(user))

    def is_signed_in(self, handle: str) -> User:
        """Be signed in already, with both factors given just now."""
        user = self.clinic.people[handle]
        with trail.acting_for(system="tests", purpose="HSYSADMIN"):
            factor = TotpFactor.objects.get(user=user)
            client = world.signed_in(user, factor)
        name = settings.SESSION_COOKIE_NAME
        value = client.cookies[name].value
        self.page.context.add_cookies([{"name": name, "value": value, "url": self.base}])
        return user

    def waits(self, *, seconds: int, since: str = FACTOR_AT) -> None:
        """Let time pass for the session alone: what it noted lies so much longer ago."""
        cookies = {one["name"]: one["value"] for one in self.page.context.cookies()}
        session = SessionStore(cookies[settings.SESSION_COOKIE_NAME])
        session[since] -= seconds
        session.save()


@dataclass
class Doors:
    """Where people come in; each has a browser of the own, so that nobody shares a cookie."""

    browser: Browser
    server: str
    clinic: Clinic
    contexts: list[BrowserContext] = field(default_factory=list)
    visitors: list[Visitor] = field(default_factory=list)

    def open(self, **options: Any) -> Visitor:
        """Open a window; options are those of a browser context."""
        context = self.browser.new_context(
            base_url=self.server,
            **{"locale": "en-GB", "reduced_motion": "reduce", "color_scheme": "light"} | options,
        )
        context.add_init_script(REPORT)
        self.contexts.append(context)
        has_script = options.get("java_script_enabled", True)
        self.visitors.append(Visitor(context.new_page(), self.server, self.clinic, has_script))
        return self.visitors[-1]

    def close(self) -> None:
        """Close every window, then tell what happened there that must not happen."""
        for context in self.contexts:
            context.close()
        problems = [problem for visitor in self.visitors for problem in visitor.problems]
        assert not problems, "\n".join(problems)
