"""What a password must not hold: the words that a guesser tries first on this very person."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from security import context
from security.models import User
from security.sealing import normalise

PRODUCT_WORDS = ("custodia", "安护")
SHORTEST_LATIN, SHORTEST_HAN = 4, 2
# However a number is written, its country left out or not, these figures end it.
PHONE_TAIL = 8


class OwnWordsValidator:
    """Refuses passwords with the person's names, addresses or the product's name (ASVS 6.2.11)."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError if the password holds one of the words."""
        folded = normalise.latin(password)
        if any(word in folded for word in [*PRODUCT_WORDS, *_words_of(user)]):
            raise ValidationError(self.get_help_text(), code="own_words")

    def get_help_text(self) -> str:
        """Return the rule in words."""
        return _("Leave out your own name, e-mail address, phone number and the product's name.")


def _words_of(user: Any) -> list[str]:
    if not isinstance(user, User):
        return []
    with context.matching():
        texts = [user.handle, user.display_name or "", (user.email or "").partition("@")[0]]
        figures = normalise.digits(user.phone or "")[-PHONE_TAIL:]
    latin = [word for text in texts for word in normalise.words(text)]
    han = [run for text in texts for run in normalise.han_runs(text)]
    return [
        *(word for word in [*latin, figures] if len(word) >= SHORTEST_LATIN),
        *(run for run in han if len(run) >= SHORTEST_HAN),
    ]
