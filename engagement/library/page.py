"""One text of the library, in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import translation


@dataclass(frozen=True, slots=True)
class Page:
    """One text: which lane it is for, and what it says in English and in Chinese."""

    key: str
    lane: str
    title: str
    text: str
    title_zh: str
    text_zh: str

    def content(self) -> dict[str, dict[str, str]]:
        """Return it as the content of a campaign."""
        return {
            "en": {"title": self.title, "text": self.text},
            "zh-hans": {"title": self.title_zh, "text": self.text_zh},
        }

    @property
    def label(self) -> str:
        """Return its title in the reader's language."""
        is_chinese = (translation.get_language() or "").startswith("zh")
        return self.title_zh if is_chinese else self.title

    @property
    def words(self) -> str:
        """Return its text in the reader's language."""
        is_chinese = (translation.get_language() or "").startswith("zh")
        return self.text_zh if is_chinese else self.text
