"""Every route of the product with an address that reaches it."""

from collections.abc import Iterator
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver

NOBODY = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
SAMPLES = {"uuid": str(NOBODY), "int": "1", "str": "x", "slug": "x", "path": "x"}


def every_route() -> Iterator[tuple[str, str, URLPattern]]:
    """Yield name, address and pattern of every route."""
    yield from _walk(get_resolver().url_patterns, "", "/")


def _walk(patterns, names, prefix):
    for pattern in patterns:
        address = prefix + _filled(pattern.pattern)
        if isinstance(pattern, URLResolver):
            space = f"{names}{pattern.namespace}:" if pattern.namespace else names
            yield from _walk(pattern.url_patterns, space, address)
        else:
            yield f"{names}{pattern.name or ''}", address, pattern


def _filled(pattern):
    """Return an address part that a pattern matches."""
    text = str(pattern)
    if hasattr(pattern, "_route"):
        for name, converter in pattern.converters.items():
            sample = SAMPLES[type(converter).__name__.removesuffix("Converter").lower()]
            for kind in (*SAMPLES, ""):
                text = text.replace(f"<{kind}:{name}>" if kind else f"<{name}>", sample)
        return text
    # Regular expressions of Django's administration: one of the app labels, or anything.
    label = text.partition("(?P<app_label>")[2].partition("|")[0].partition(")")[0]
    return f"{label}/" if label else "anything"
