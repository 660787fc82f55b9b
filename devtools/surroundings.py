"""The environment variables that every command of this checkout runs with."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from devtools.places import VAR, VENV, make_private
from devtools.postgres import programs
from devtools.services import Services

DATABASE = "custodia"
OWNER = "custodia_owner"
APP = "custodia_app"
SUPERUSER = "postgres"


def kept_secret(folder: Path) -> str:
    """Return the signing secret of this folder, made on first use."""
    place = folder / "secret_key"
    if not place.exists():
        place.touch(mode=0o600)
        place.write_text(secrets.token_urlsafe(64))
    return place.read_text()


def surroundings(services: Services, role: str, *, demo: bool = False) -> dict[str, str]:
    """Return the environment for one role of the database; what is set outside wins."""
    folder = VAR / services.name
    make_private(folder)
    made = {
        "DEBUG": "1",
        "CUSTODIA_VAR": str(folder),
        "CUSTODIA_KEYRING": str(folder / "keyring.json"),
        "PYTHONUNBUFFERED": "1",
    }
    if "SECRET_KEY" not in os.environ:
        made["SECRET_KEY"] = kept_secret(folder)
    if demo:
        made["CUSTODIA_DEMO"] = "1"
    if services.needs_postgres:
        made["DATABASE_URL"] = services.cluster.url(role, DATABASE)
        made["DATABASE_OWNER_URL"] = services.cluster.url(OWNER, DATABASE)
    if services.needs_valkey:
        made["REDIS_URL"] = services.redis_url
    path = [str(VENV / "bin"), os.environ.get("PATH", os.defpath)]
    if services.needs_postgres:
        # psql, pg_dump and the like, unless the machine has its own.
        path.append(str(programs()))
    return {
        **made,
        **{name: value for name, value in os.environ.items() if value},
        "PATH": os.pathsep.join(path),
        "VIRTUAL_ENV": str(VENV),
    }
