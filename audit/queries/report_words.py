"""A stored audit report in words, in the language in force; a report of an earlier version reads as well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext

from audit.actions import sentence
from audit.models import Alert, Review
from audit.queries import report_sections
from audit.queries.report_names import (
    UNEXPLAINED,
    explanation_words,
    ground_words,
    purpose_words,
    refusal_words,
    role_words,
)
from audit.queries.report_numbers import BREAK_GLASS, LISTED, UNNAMED
from audit.queries.report_parts import (
    Chart,
    Part,
    Series,
    compared,
    compared_heads,
    most_first,
    number,
    share,
    two_periods,
)
from security.access.registry import Basis

Numbers = Mapping[str, Any]
# Failures and successes of getting in, as the trail calls them.
SIGN_INS = (
    "security.session.signed_in", "security.session.refused", "security.factor.refused",
    "security.factor.guessed", "security.link.refused", "security.factor.recovery_used",
)  # fmt: skip
EXPORTS = (
    "security.export.requested", "security.export.approved", "security.export.refused",
    "security.export.prepared", "security.export.downloaded", "security.export.failed",
)  # fmt: skip
# What goes beyond the usual rule or changes it; rules that were switched off are told of where they exist.
EXCEPTIONS = (
    "security.access.refused", "security.access.hidden", "security.session.stepped_up",
    "patients.glass.opened", "patients.glass.missed", "security.clearance.granted",
    "security.role.granted", "security.role.ended", "security.factor.started_anew",
    "security.seal.broken", "audit.rule.switched_off", "audit.rule.switched_on", "audit.rule.changed",
    "audit.permission.changed", "audit.setting.changed", "audit.report_schedule.changed",
)  # fmt: skip


def parts(content: Mapping[str, Any]) -> list[Part]:
    """Return the parts of a report."""
    now, before = content["now"], content["before"]
    made: Iterable[Callable[[Numbers, Numbers], Part]] = (
        _summary, _days, _explanations, _grounds, _roles, _purposes, _alerts, _glass, _sign_ins, _exports,
        _exceptions, _refusals,
    )  # fmt: skip
    return [*(part(now, before) for part in made), *_sections(content)]


def _done(numbers: Numbers, action: str) -> int:
    return sum(numbers["actions"].get(action, {}).values())


def _staff(numbers: Numbers) -> int:
    return int(numbers["by_kind"].get("staff", 0))


def _by_ground(numbers: Numbers) -> dict[str, int]:
    found: dict[str, int] = {}
    for grounds in numbers["by_role"].values():
        for ground, count in grounds.items():
            found[ground] = found.get(ground, 0) + count
    return found


def _events(numbers: Numbers) -> int:
    return sum(sum(counts) for _day, *counts in numbers["days"])


def _failed(numbers: Numbers) -> int:
    return sum(_done(numbers, action) for action in SIGN_INS[1:5])


def _summary(now: Numbers, before: Numbers) -> Part:
    def both(label: str, count: Callable[[Numbers], int]) -> list[str]:
        return compared(label, count(now), count(before))

    explained = [_explained(one) for one in (now, before)]
    unexplained = [one.get(UNEXPLAINED, 0) for one in explained]
    shares = [share(unexplained[place], sum(one.values())) for place, one in enumerate(explained)]
    rows = [
        both(gettext("Events"), _events),
        both(gettext("Accesses to records of patients"), lambda one: sum(one["by_kind"].values())),
        both(gettext("of these by staff"), _staff),
        compared(gettext("Charts opened by staff"), *(sum(one.values()) for one in explained)),
        compared(gettext("Unexplained ones of these"), *unexplained),
        [gettext("Share of unexplained ones"), *shares, ""],
        both(gettext("Alerts"), lambda one: sum(sum(v.values()) for v in one["alerts"].values())),
        both(gettext("Emergency accesses"), lambda one: _done(one, BREAK_GLASS)),
        both(gettext("Failed sign-ins"), _failed),
        both(gettext("Rows exported"), lambda one: one["exports"]["rows"]),
        both(gettext("Refusals"), lambda one: sum(one["refusals"].values())),
    ]
    return Part("summary", gettext("At a glance"), heads=compared_heads(""), rows=rows)


def _days(now: Numbers, before: Numbers) -> Part:
    heads = [gettext("Day"), gettext("Done"), gettext("Refused"), gettext("Failed")]
    days = [date.fromisoformat(day) for day, *_counts in now["days"]]
    series = [
        Series(label, [counts[place] for _day, *counts in now["days"]])
        for place, label in enumerate(heads[1:])
    ]
    rows = [
        [date_format(day, "SHORT_DATE_FORMAT"), *map(number, counts)]
        for day, (_day, *counts) in zip(days, now["days"], strict=True)
    ]
    short = [date_format(day, "j") for day in days]
    heading = gettext("Events per day")
    chart = Chart(short, series, heading, lies=False, is_stacked=True)
    note = gettext("Days of the clinic's time zone, from midnight to midnight.")
    return Part("days", heading, [note], heads, rows, chart)


def _explained(numbers: Numbers) -> Mapping[str, int]:
    found: Mapping[str, int] = numbers.get("explained", {})
    return found


def _explanations(now: Numbers, before: Numbers) -> Part:
    found, earlier = dict(_explained(now)), dict(_explained(before))
    keys = most_first([*found, *earlier], (found, earlier))
    lines = [(explanation_words(key), found.get(key, 0), earlier.get(key, 0)) for key in keys]
    notes = [
        gettext(
            "One chart that one colleague opened in one page request. Monitoring looks for what explains it: "
            "care, a visit, a bill, a referral, own work, an emergency, a case, or a pair that an officer "
            "remembered. What has none of these is unexplained, here as in the alerts."
        ),
    ]
    roles = now.get("unexplained_by_role")
    if roles:
        named = ", ".join(f"{role_words(key)} ({number(count)})" for key, count in roles.items())
        notes.append(gettext("Unexplained ones by role: %(roles)s") % {"roles": named})
    heading = gettext("What explains that charts were opened")
    rows = [[*compared(*line), share(line[1], sum(found.values()))] for line in lines]
    heads = [*compared_heads(gettext("Explanation")), gettext("Share")]
    nobody = gettext("Nobody opened a record.")
    return Part("explanations", heading, notes, heads, rows, two_periods(heading, lines), nobody)


def _grounds(now: Numbers, before: Numbers) -> Part:
    found, earlier = _by_ground(now), _by_ground(before)
    lines = [
        (ground_words(key), found.get(key, 0), earlier.get(key, 0))
        for key in most_first([*found, *earlier], (found, earlier))
    ]
    notes = [
        gettext(
            "An access is one recorded reading: a page, a file or a task in which sealed data of a "
            "patient were opened. Its ground is what let the person in at that moment."
        ),
        gettext(
            "“Reach of the role alone” means roles that serve every patient, such as reception: "
            "allowed, without a tie to the patient. Lists and searches show only whom the role "
            "reaches, or a masked stub in an emergency search; background work was asked for by a "
            "person and runs without a page, such as an export."
        ),
        gettext(
            "No ground named is what is left: a colleague opened a page about one patient and the trail "
            "names none. Whether something explains an access is another question, and monitoring answers it."
        ),
    ]
    pages = now.get("unnamed_by_page") or now.get("unexplained_by_page")
    if pages:
        named = ", ".join(f"{page or '–'} ({number(count)})" for page, count in pages.items())
        notes.append(
            gettext("Pages of accesses without a named ground: %(pages)s") % {"pages": named}
        )
    heading = gettext("Accesses by ground")
    return Part(
        "grounds",
        heading,
        notes,
        compared_heads(gettext("Ground")),
        [compared(*line) for line in lines],
        two_periods(heading, lines),
        gettext("Nobody opened a record."),
    )


def _roles(now: Numbers, before: Numbers) -> Part:
    found, earlier = now["by_role"], before["by_role"]
    sums = {key: sum(grounds.values()) for key, grounds in found.items()}
    old = {key: sum(grounds.values()) for key, grounds in earlier.items()}
    keys = most_first([*sums, *old], (sums, old))
    lines = [(role_words(key), sums.get(key, 0), old.get(key, 0)) for key in keys]
    special = (str(Basis.ROLE), LISTED, UNNAMED)
    rows = [
        [*compared(*line), *(number(found.get(key, {}).get(one, 0)) for one in special)]
        for key, line in zip(keys, lines, strict=True)
    ]
    heads = [*compared_heads(gettext("Role")), *(ground_words(one) for one in special)]
    note = gettext("Who held several roles is counted once, under all of them together.")
    heading = gettext("Accesses by role")
    nobody = gettext("Nobody opened a record.")
    return Part("roles", heading, [note], heads, rows, two_periods(heading, lines), nobody)


def _purposes(now: Numbers, before: Numbers) -> Part:
    found, earlier = now["by_purpose"], before["by_purpose"]
    lines = [
        (purpose_words(key), found.get(key, 0), earlier.get(key, 0))
        for key in most_first([*found, *earlier], (found, earlier))
    ]
    heading = gettext("Accesses by purpose")
    return Part(
        "purposes",
        heading,
        [],
        compared_heads(gettext("Purpose")),
        [compared(*line) for line in lines],
        two_periods(heading, lines),
        gettext("Nobody opened a record."),
    )


def _alerts(now: Numbers, before: Numbers) -> Part:
    states = {"open": gettext("Open"), **{key: str(word) for key, word in Alert.Verdict.choices}}
    found = now["alerts"]
    earlier = {rule: sum(counts.values()) for rule, counts in before["alerts"].items()}
    sums = {rule: sum(counts.values()) for rule, counts in found.items()}
    rules = most_first([*sums, *earlier], (sums, earlier))
    rows = [
        [
            report_sections.named(rule),
            number(sums.get(rule, 0)),
            *(number(found.get(rule, {}).get(state, 0)) for state in states),
            number(earlier.get(rule, 0)),
        ]
        for rule in rules
    ]
    drawn = [rule for rule in rules if sums.get(rule)][:12]
    series = [
        Series(word, [found[rule].get(key, 0) for rule in drawn]) for key, word in states.items()
    ]
    heading = gettext("Alerts by rule and how they were closed")
    labels = [report_sections.named(rule) for rule in drawn]
    notes = [
        gettext("Alerts raised in the period, as they stood when the report was made."),
        gettext("Alerts closed in the period, whenever they were raised: %(count)s.")
        % {"count": number(now["alerts_closed"])},
    ]
    heads = [gettext("Rule"), gettext("Raised"), *states.values(), gettext("Period before")]
    chart = Chart(labels, series, heading, is_stacked=True) if drawn else None
    return Part("alerts", heading, notes, heads, rows, chart, gettext("No alert was raised."))


def _glass(now: Numbers, before: Numbers) -> Part:
    def line(label: str, key: str) -> tuple[str, int, int]:
        return label, now["reviews"].get(key, 0), before["reviews"].get(key, 0)

    verdict = gettext("Verdict")
    opened = [_done(one, BREAK_GLASS) for one in (now, before)]
    without = [
        max(0, count - one["reviews"]["all"]) for count, one in zip(opened, (now, before), strict=True)
    ]  # fmt: skip
    lines = [
        (gettext("Emergency accesses"), *opened),
        line(gettext("Reviewed in time"), "in_time"),
        line(gettext("Reviewed late"), "late"),
        line(gettext("Review open, in time still"), "open"),
        line(gettext("Review overdue"), "overdue"),
        (gettext("Without a review"), *without),
        *(line(f"{verdict}: {word}", f"verdict_{key}") for key, word in Review.Verdict.choices),
        line(gettext("Patients who were told"), "told"),
    ]  # fmt: skip
    heading = gettext("Emergency accesses and their reviews")
    note = gettext(
        "Of the emergency accesses of the period, as they stood when the report was made."
    )
    rows = [compared(*one) for one in lines]
    return Part("glass", heading, [note], compared_heads(""), rows, two_periods(heading, lines))


def _by_action(numbers: Iterable[str], now: Numbers, before: Numbers) -> list[tuple[str, int, int]]:
    return [
        (sentence(action).rstrip(".。"), _done(now, action), _done(before, action))
        for action in numbers
    ]


def _sign_ins(now: Numbers, before: Numbers) -> Part:
    lines = _by_action(SIGN_INS, now, before)
    heading = gettext("Sign-ins that failed, and those that did not")
    heads = compared_heads(gettext("Event"))
    rows = [compared(*line) for line in lines]
    return Part("sign_ins", heading, [], heads, rows, two_periods(heading, lines))


def _exports(now: Numbers, before: Numbers) -> Part:
    def line(label: str, key: str) -> tuple[str, int, int]:
        return label, now["exports"][key], before["exports"][key]

    counts = [
        *_by_action(EXPORTS, now, before),
        line(gettext("Files made after a second person agreed"), "second"),
    ]
    rows = [compared(*one) for one in [*counts, line(gettext("Rows in the files made"), "rows")]]
    heading = gettext("Exports")
    heads = compared_heads(gettext("Event"))
    return Part("exports", heading, [], heads, rows, two_periods(heading, counts))


def _exceptions(now: Numbers, before: Numbers) -> Part:
    known = [one for one in EXCEPTIONS if _done(now, one) or _done(before, one)]
    lines = _by_action(known, now, before)
    heading = gettext("Exceptions to the policy, and changes of it")
    note = gettext(
        "Refusals, fresh factors, emergency accesses, clearances, roles and settings that were changed."
    )
    nothing = gettext("No exception and no change.")
    rows = [compared(*line) for line in lines]
    heads = compared_heads(gettext("Event"))
    return Part("exceptions", heading, [note], heads, rows, two_periods(heading, lines), nothing)


def _refusals(now: Numbers, before: Numbers) -> Part:
    found, earlier = now["refusals"], before["refusals"]
    lines = [
        (refusal_words(key), found.get(key, 0), earlier.get(key, 0))
        for key in most_first([*found, *earlier], (found, earlier))
    ]
    heading = gettext("Refusals by rule")
    heads = compared_heads(gettext("Rule"))
    rows = [compared(*line) for line in lines]
    nothing = gettext("Nothing was refused.")
    return Part("refusals", heading, [], heads, rows, two_periods(heading, lines), nothing)


def _sections(content: Mapping[str, Any]) -> Iterable[Part]:
    stored = content["sections"]
    for key in sorted({*stored, *report_sections.EXPECTED}, key=_place):
        section = report_sections.sections.get(key)
        if key not in stored:
            heading, absent = report_sections.EXPECTED[key]
            yield Part(f"section-{key}", str(heading), [str(absent)])
            continue
        labels = section.labels if section else {}
        words = section.words if section else {}
        rows = [
            [str(labels.get(name, name)), _fact(value, words, content["zone"])]
            for name, value in stored[key].items()
        ]
        heading = section.title if section else key
        yield Part(f"section-{key}", str(heading), [], ["", gettext("State")], rows)


def _place(key: str) -> tuple[bool, str]:
    return key not in report_sections.EXPECTED, key


def _fact(value: Any, words: Mapping[str, Any], zone: str) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, int):
        return number(value)
    if value in words:
        return str(words[value])
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return (
        date_format(at.astimezone(ZoneInfo(zone)), "DATETIME_FORMAT") if at.tzinfo else str(value)
    )
