"""Names and addresses, masked: enough to recognise one's own, too little to learn another's."""

from __future__ import annotations

DOTS = "•••"


def masked_name(name: str) -> str:
    """Return the first letter of each word of a name, of a Han name the first character alone."""
    return " ".join(f"{word[0]}{DOTS}" for word in name.split())


def masked_address(address: str) -> str:
    """Return an e-mail address or phone number with its middle left out."""
    local, at, domain = address.partition("@")
    if at:
        return f"{local[:1]}{DOTS}@{domain}"
    return f"{DOTS}{address[-2:]}" if len(address) > 4 else DOTS
