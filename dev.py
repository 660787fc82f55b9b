#!/usr/bin/env python3
"""Set up, open, test and measure Custodia on a bare machine with Python 3.11."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence

from devtools import assets, installing, processes
from devtools.interrupts import Interrupted, ear
from devtools.places import PYTHON, ROOT, VENV, Stop, say, supported_python
from devtools.services import Services
from devtools.surroundings import ADMINISTRATOR, APP, OWNER, SEALER, surroundings

MANAGE = (str(PYTHON), "manage.py")
# A shell reports the end by a signal as this plus the number of the signal.
SIGNALLED = 128
NEWER_PYTHONS = ("python3.11", "python3.12", "python3.13")
LINTERS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports", "--no-logo"),
    ("djlint", "--lint", "--quiet", "templates"),
    (
        "bandit",
        "-q",
        "-c",
        "pyproject.toml",
        "-r",
        "security",
        "audit",
        "patients",
        "consent",
        "engagement",
        "crm",
    ),
    ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"),
)
GREETING = """
  Custodia is open at  http://127.0.0.1:{port}/

  Who may sign in, and a one-time code of the moment (in another terminal):
      python3 dev.py run python manage.py demo --accounts
      python3 dev.py run python manage.py demo_code physician1
  Ctrl-C stops everything; the data stays in var/ (demo-reset starts over).
"""


def manage(*arguments: str, environment: processes.Environment, quiet: bool = False) -> None:
    """Run one of Django's commands; stop when it fails."""
    code = processes.call((*MANAGE, *arguments), environment, quiet=quiet)
    if code > SIGNALLED:
        raise Interrupted(code - SIGNALLED)
    if code:
        raise Stop(f"`manage.py {' '.join(arguments)}` failed with code {code}.")


def make_database(services: Services) -> None:
    """Make the database of an embedded cluster where it is missing."""
    if services.needs_postgres:
        ask = services.cluster.ask
        if not ask("SELECT 1 FROM pg_database WHERE datname = 'custodia'"):
            ask("CREATE DATABASE custodia")


def setup(_options: argparse.Namespace) -> int:
    """Install packages, front-end files and catalogues."""
    installing.everything()
    say("Everything is installed.")
    return 0


def prepare_clinic(services: Services, app: processes.Environment) -> None:
    """Bring tables, roles, keys and the demo's people up to date."""
    administrator = surroundings(services, ADMINISTRATOR, demo=True)
    owner = surroundings(services, OWNER, demo=True)
    say("Preparing the database ...")
    manage("db_roles", environment=administrator, quiet=True)
    try:
        manage("migrate", "--verbosity=0", environment=owner)
    except Stop as stop:
        raise Stop(f"{stop} Data of an older demo? `make demo-reset` starts over.") from None
    manage("db_roles", environment=administrator, quiet=True)
    manage("keyring", "--init-if-missing", environment=app)
    public = app["CUSTODIA_BACKUP_RECIPIENTS_FILE"]
    private = os.path.join(app["CUSTODIA_VAR"], "backup-private-key.txt")
    manage("backup_key", private, "--public", public, "--if-missing", environment=app, quiet=True)
    manage("sealer", "--init-if-missing", environment=app, quiet=True)
    manage("receipt_key", "--init-if-missing", environment=app, quiet=True)
    manage("demo", environment=app)


def commands(port: int) -> dict[str, Sequence[str]]:
    """Return the processes of the demo; the same ones stand in the Procfile."""
    celery = (str(PYTHON), "-m", "celery", "--app=crm", "--quiet")
    return {
        "web": (
            str(PYTHON), "-m", "gunicorn", "crm.wsgi", f"--bind=127.0.0.1:{port}",
            "--workers=2", "--threads=4", "--no-control-socket",
        ),
        "worker": (*celery, "worker", "--concurrency=2", "--loglevel=INFO"),
        "beat": (*celery, "beat", "--pidfile=", "--loglevel=WARNING"),
        "sealer": (*MANAGE, "sealer"),
    }  # fmt: skip


def demo(options: argparse.Namespace) -> int:
    """Open the demo clinic and keep it open until Ctrl-C."""
    processes.require_free(options.port)
    # The demo is a demo, whatever the shell had set for something else.
    os.environ.update(DEBUG="1", CUSTODIA_DEMO="1")
    os.environ["CUSTODIA_BASE_URL"] = f"http://127.0.0.1:{options.port}"
    installing.everything()
    services = Services("demo")
    say("Starting the services ...")
    with services.running():
        make_database(services)
        app = surroundings(services, APP, demo=True)
        prepare_clinic(services, app)
        # Served as in production, so that no failure shows more than its page.
        sealer = surroundings(services, SEALER, demo=True)
        household = processes.Household(
            commands(options.port), app | {"DEBUG": "0"}, {"sealer": sealer | {"DEBUG": "0"}}
        )
        household.live(lambda: processes.answers(options.port), GREETING.format(port=options.port))
    return 0


def demo_reset(_options: argparse.Namespace) -> int:
    """Throw the demo clinic's data away."""
    if os.environ.get("DATABASE_URL"):
        raise Stop("DATABASE_URL names a server of yours; this only removes embedded data.")
    Services("demo").remove()
    say("The demo clinic's data is gone; the next demo starts over.")
    return 0


def test(options: argparse.Namespace) -> int:
    """Run the test suite on embedded services that keep nothing."""
    # A second process pays for its own database only in the whole suite.
    whole_suite = ("-n", "2", "--dist=worksteal") if (os.cpu_count() or 1) > 1 else ()
    return on_services("test", "pytest", options.arguments or whole_suite)


def without_services() -> dict[str, str]:
    """Return an environment for what reads the settings but connects to nothing."""
    return {
        **os.environ,
        "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "DEBUG": "1",
        "SECRET_KEY": "0123456789" * 5,
        "DATABASE_URL": "postgresql://nobody@localhost/nothing",
        "REDIS_URL": "redis://localhost:1/0",
    }


def lint(_options: argparse.Namespace) -> int:
    """Run every linter, also after one has complained."""
    installing.everything()
    environment = without_services()
    complaints = []
    for name, *arguments in LINTERS:
        say(f"--- {' '.join((name, *arguments))}")
        if processes.call((str(VENV / "bin" / name), *arguments), environment):
            complaints.append(" ".join((name, *arguments[:1])))
    if complaints:
        raise Stop(f"Lint failed: {', '.join(complaints)}.")
    say("Lint is clean.")
    return 0


def bench(options: argparse.Namespace) -> int:
    """Measure speed against plain twins, alternating, on embedded services of its own."""
    installing.everything()
    services = Services("bench")
    with services.running():
        make_database(services)
        environment = surroundings(services, ADMINISTRATOR)
        manage("keyring", "--init-if-missing", environment=environment, quiet=True)
        manage("migrate", "--verbosity=0", environment=environment)
    return on_services("bench", "tests.bench", options.arguments)


def prove(options: argparse.Namespace) -> int:
    """Run the tests of one step with their full counts, going on where the last run ended."""
    if not options.arguments or not options.arguments[0].isdecimal():
        raise Stop("Name the step by its number: python3 dev.py prove 1")
    step, *rest = options.arguments
    arguments = ("-p", "tests.proving", "-p", "no:randomly", "-v", *rest)
    return on_services("bench", "pytest", arguments, CUSTODIA_PROVE=step)


def on_services(name: str, module: str, arguments: Sequence[str], **variables: str) -> int:
    """Run a module as the database's administrator, beside one set of embedded services."""
    installing.everything()
    services = Services(name)
    with services.running():
        make_database(services)
        environment = {**surroundings(services, ADMINISTRATOR), **variables}
        return processes.call((str(PYTHON), "-m", module, *arguments), environment)


def run(options: argparse.Namespace) -> int:
    """Run one command beside the demo's services."""
    if not options.arguments:
        raise Stop("Name a command: python3 dev.py run COMMAND [ARGUMENT...]")
    installing.everything()
    services = Services("demo")
    with services.running():
        make_database(services)
        around = surroundings(services, ADMINISTRATOR, demo=True)
        command = options.arguments
        if command[0] == "psql":
            # It reads no DATABASE_URL by itself.
            command = ["psql", "-d", around["DATABASE_URL"], *command[1:]]
        return processes.call(command, around)


def lock(options: argparse.Namespace) -> int:
    """Write the lock files again; --upgrade takes the newest versions."""
    installing.everything()
    installing.relock(options.arguments)
    return 0


def messages(_options: argparse.Namespace) -> int:
    """Collect the sentences of code and templates into the catalogues (needs GNU gettext)."""
    if not shutil.which("xgettext"):
        raise Stop("GNU gettext is missing; only collecting messages needs it, compiling does not.")
    installing.everything()
    skipped = [f"--ignore={name}" for name in (".venv", "node_modules", "var", "static", "tests")]
    command = (*MANAGE, "makemessages", "--locale=zh_Hans", "--no-location", *skipped)
    return processes.call(command, without_services())


def fetch_assets(_options: argparse.Namespace) -> int:
    """Copy the front-end files again."""
    shutil.rmtree(assets.VENDOR, ignore_errors=True)
    return setup(_options)


VERBS = {
    "setup": setup,
    "demo": demo,
    "demo-reset": demo_reset,
    "test": test,
    "lint": lint,
    "bench": bench,
    "prove": prove,
    "run": run,
    "lock": lock,
    "messages": messages,
    "assets": fetch_assets,
}
TAKE_ARGUMENTS = {"test", "bench", "prove", "run", "lock"}


def port_number(text: str) -> int:
    """Return a port a person may listen on."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is no port number")
    return int(text)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; what follows test, bench, prove or run is passed on untouched."""
    parser = argparse.ArgumentParser(prog="dev.py", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, function in VERBS.items():
        verb = verbs.add_parser(name, help=function.__doc__, add_help=name not in TAKE_ARGUMENTS)
        if name == "demo":
            port = os.environ.get("PORT") or "8000"
            verb.add_argument(
                "--port", type=port_number, default=port, help="[env PORT, else 8000]"
            )
    options, rest = parser.parse_known_args(arguments)
    if rest and options.verb not in TAKE_ARGUMENTS:
        parser.error(f"unknown: {' '.join(rest)}")
    options.arguments = list(arguments[1:]) if options.verb in TAKE_ARGUMENTS else []
    return options


def use_supported_python() -> None:
    """Start again under a newer interpreter where this one is too old."""
    if supported_python():
        return
    for name in NEWER_PYTHONS:
        if found := shutil.which(name):
            os.execv(found, [found, *sys.argv])
    raise Stop(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")


def main() -> int:
    """Do what the command line asks for; every failure is one sentence."""
    try:
        use_supported_python()
        options = parse(sys.argv[1:])
        os.chdir(ROOT)
        ear.listen()
        return VERBS[options.verb](options)
    except Stop as reason:
        print(reason, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.strerror or error}: {error.filename or 'no file'}", file=sys.stderr)
        return 1
    except Interrupted as interruption:
        say("Stopped.")
        return 128 + interruption.number


if __name__ == "__main__":
    sys.exit(main())
