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
BACKUP = "custodia_backup"
SEALER = "custodia_sealer"
ADMINISTRATOR = "postgres"
# On a server of one's own these name the same database for the other roles.
ADDRESS_OF = {
    OWNER: "DATABASE_OWNER_URL",
    ADMINISTRATOR: "DATABASE_ADMIN_URL",
    SEALER: "DATABASE_SEALER_URL",
}


def kept_secret(folder: Path) -> str:
    """Return the signing secret of this folder, made on first use."""
    place = folder / "secret_key"
    if not place.exists():
        place.touch(mode=0o600)
        place.write_text(secrets.token_urlsafe(64))
    return place.read_text()


def addresses(services: Services, role: str) -> dict[str, str]:
    """Return the addresses of the services, the database's for one role."""
    found = {}
    if services.needs_postgres:
        found["DATABASE_URL"] = services.cluster.url(role, DATABASE)
        if role == ADMINISTRATOR:
            others = {name: services.cluster.url(who, DATABASE) for who, name in ADDRESS_OF.items()}
            found.update(others)
    elif os.environ.get(ADDRESS_OF.get(role, "")):
        found["DATABASE_URL"] = os.environ[ADDRESS_OF[role]]
    if services.needs_valkey:
        found["REDIS_URL"] = services.redis_url
    return found


def backups_of_demo(services: Services, folder: Path) -> dict[str, str]:
    """Return where the demo backs up to; its private key lies beside, as no real one may."""
    place = folder / "backups"
    make_private(place)
    found = {
        "CUSTODIA_BACKUPS": str(place),
        "CUSTODIA_BACKUP_RECIPIENTS_FILE": str(folder / "backup-public-keys.txt"),
    }
    if services.needs_postgres:
        found["BACKUP_DATABASE_URL"] = services.cluster.url(BACKUP, DATABASE)
    return found


def surroundings(services: Services, role: str, *, demo: bool = False) -> dict[str, str]:
    """Return the environment of a command that uses the database in one role."""
    folder = VAR / services.name
    make_private(folder)
    (folder / "static").mkdir(exist_ok=True)
    usual = {
        "DEBUG": "1",
        "CUSTODIA_VAR": str(folder),
        "CUSTODIA_KEYRING": str(folder / "keyring.json"),
        "PYTHONUNBUFFERED": "1",
    }
    if demo:
        usual |= {"CUSTODIA_DEMO": "1"} | backups_of_demo(services, folder)
    if not os.environ.get("SECRET_KEY"):
        usual["SECRET_KEY"] = kept_secret(folder)
    path = [str(VENV / "bin"), os.environ.get("PATH", os.defpath)]
    if services.needs_postgres:
        # psql, pg_dump and the like, unless the machine has its own.
        path.append(str(programs()))
    return {
        **usual,
        **{name: value for name, value in os.environ.items() if value},
        **addresses(services, role),
        "PATH": os.pathsep.join(path),
        "VIRTUAL_ENV": str(VENV),
        "DJANGO_SETTINGS_MODULE": "crm.settings",
    }
