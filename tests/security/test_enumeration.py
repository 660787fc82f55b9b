"""The time of an answer tells nothing about a name."""

import math
import os
import random
import time

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, make_password
from django.db import transaction
from django.test import Client

from security.models import Throttle, User
from security.services import users
from tests.security.people import PASSWORD, acting, give_name, staff

pytestmark = [pytest.mark.django_db(transaction=True)]


def chance(one, other):
    """Return the probability that two samples differ so much by chance (Mann-Whitney, two sides)."""
    ranked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    ranks = sum(place for place, (_value, whose) in enumerate(ranked, 1) if whose == 0)
    m, n = len(one), len(other)
    z = (ranks - m * (m + n + 1) / 2) / math.sqrt(m * n * (m + n + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


def test_the_measure_tells_equal_from_different():
    source = random.Random(7)
    slow, fast, same = ([source.gauss(mean, 1) for _ in range(60)] for mean in (11, 10, 10))
    assert chance(slow, fast) < 0.01 < chance(fast, same)


@pytest.fixture
def names(monkeypatch):
    """Make the accounts, hashed with the product's own work when the full count is asked for."""
    if os.environ.get("CUSTODIA_PROVE"):
        monkeypatch.setattr(Argon2PasswordHasher, "time_cost", 2)
        monkeypatch.setattr(Argon2PasswordHasher, "memory_cost", 102_400)
        monkeypatch.setattr(Argon2PasswordHasher, "parallelism", 8)
    made = {
        "wrong password": (staff("nurse", email="nurse@example.org"), "wrong words"),
        "disabled": (staff("nurse", email="gone@example.org"), PASSWORD),
        "patient": (staff(kind=User.Kind.PATIENT, email="patient@example.org"), PASSWORD),
    }
    with acting(), transaction.atomic():
        for user, _password in made.values():
            user.password = make_password(PASSWORD)
            user.advance()
            user.save()
        users.deactivate(user=made["disabled"][0], by=None)
        return {who: (user.email, password) for who, (user, password) in made.items()}


@pytest.mark.prove(step=1, full=500)
def test_known_and_unknown_names_take_equal_time(names, rounds):
    names["unknown"] = ("nobody@example.org", PASSWORD)
    times = {who: [] for who in names}
    for _round in range(rounds):
        for who in random.sample(sorted(names), len(names)):
            Throttle.objects.all().delete()
            client = Client()
            begun = time.perf_counter()
            assert give_name(client, *names[who]).status_code == 422
            times[who].append(time.perf_counter() - begun)
    for who, taken in times.items():
        # Three comparisons on a noisy machine: a real difference of a hash would be far below this.
        assert chance(taken, times["unknown"]) > 0.001, who
