"""Set-up: packages, front-end files, catalogues; a step is skipped while its inputs stay."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from devtools import assets
from devtools.places import PYTHON, ROOT, VAR, VENV, Stop, fingerprint, is_current, say

LOGS = VAR / "log"
REQUIREMENTS = ROOT / "requirements-dev.txt"
COMPILE = "import sys, polib; [polib.pofile(p).save_as_mofile(p[:-2] + 'mo') for p in sys.argv[1:]]"
NPM_OPTIONS = (
    "--ignore-scripts", "--prefer-offline", "--fetch-retries=2", "--fetch-retry-mintimeout=2000",
    "--fetch-retry-maxtimeout=8000",
)  # fmt: skip
PATIENCE_SECONDS = 5
NO_NETWORK = (
    "name resolution", "connection broken", "Max retries", "Failed to establish", "ENOTFOUND",
    "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH", "Network is unreachable",
    "SELF_SIGNED_CERT", "UNABLE_TO_GET_ISSUER", "CERTIFICATE_VERIFY_FAILED",
)  # fmt: skip
NO_PACKAGE = ("No matching distribution", "Could not find a version", "ETARGET", "E404")
WRONG_CONTENT = ("DO NOT MATCH THE HASHES", "EINTEGRITY")


def explain(output: str, task: str, log: Path) -> str:
    """Return one sentence that says why an installer failed."""
    if any(mark in output for mark in NO_NETWORK):
        return f"No network: {task} could not reach the package registry (details: {log})."
    if any(mark in output for mark in WRONG_CONTENT):
        return f"A download differs from the locked checksum; nothing was installed ({log})."
    if any(mark in output for mark in NO_PACKAGE):
        missing = [line for line in output.splitlines() if any(m in line for m in NO_PACKAGE)]
        return (
            f"A package is missing for Python {platform.python_version()} on "
            f"{platform.system()} {platform.machine()}: {missing[-1].strip()} (details: {log})"
        )
    return f"{task} failed; the details are in {log}."


def patiently(task: str, command: list[str], cwd: Path = ROOT) -> None:
    """Run one installer into a log, with a sign of life on the terminal."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{task.split()[0].lower()}.log"
    began = time.monotonic()
    # Node trusts the certificates of the machine, as pip does.
    environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        while True:
            try:
                code = process.wait(PATIENCE_SECONDS)
                break
            except subprocess.TimeoutExpired:
                say(f"      {task}: {time.monotonic() - began:.0f} s ...")
    if code:
        raise Stop(explain(log.read_text(errors="replace"), task, log))


def environment_works() -> bool:
    """Tell whether .venv holds a living interpreter of this version at this very place."""
    question = "import sys; print(sys.prefix, *sys.version_info[:2], sep='\\n')"
    try:
        answer = subprocess.run(
            [PYTHON, "-c", question], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    return answer.splitlines() == [str(VENV), *map(str, sys.version_info[:2])]


def install_packages() -> None:
    """Make .venv hold exactly what the lock names, every file checked against its hash."""
    python = "{}.{}".format(*sys.version_info)
    key = fingerprint(REQUIREMENTS, str(ROOT), python, platform.machine())
    stamp = VENV / ".installed"
    if is_current(stamp, key) and PYTHON.exists():
        return
    say("[1/3] Python packages into .venv (about half a minute, 750 MB)")
    if not environment_works():
        command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
        try:
            patiently("venv", command)
        except Stop as failure:
            raise Stop(
                f"{sys.executable} cannot make a virtual environment; "
                "on Debian and Ubuntu the package python3-venv is missing."
            ) from failure
    patiently("pip install", [
        str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
        "--only-binary=:all:", "--require-hashes", "--retries=3", "--progress-bar=off",
        "-r", str(REQUIREMENTS),
    ])  # fmt: skip
    stamp.write_text(key)


def npm(*arguments: str) -> list[str]:
    """Return a command of the npm that comes from the Python registry."""
    return [str(PYTHON), str(VENV / "bin" / "npm"), *arguments]


def install_assets() -> None:
    """Fetch the locked npm packages and copy the few files that are served."""
    lock = fingerprint(ROOT / "package-lock.json")
    key = fingerprint(lock, Path(assets.__file__))
    fetched, copied = assets.NODE_MODULES / ".installed", assets.VENDOR / ".installed"
    if is_current(copied, key):
        return
    say("[2/3] Front-end files into static/vendor (about ten seconds)")
    if not is_current(fetched, lock):
        patiently("npm ci", npm("ci", *NPM_OPTIONS))
        fetched.write_text(lock)
    assets.gather()
    copied.write_text(key)


def compile_messages() -> None:
    """Compile the message catalogues; no gettext is needed."""
    catalogues = sorted(ROOT.glob("locale/*/LC_MESSAGES/*.po"))
    key, stamp = fingerprint(*catalogues), VAR / "messages.installed"
    if is_current(stamp, key) and all(po.with_suffix(".mo").exists() for po in catalogues):
        return
    say("[3/3] Message catalogues")
    patiently("messages", [str(PYTHON), "-c", COMPILE, *map(str, catalogues)])
    stamp.write_text(key)


def everything() -> None:
    """Bring packages, front-end files and catalogues up to date."""
    VAR.mkdir(exist_ok=True)
    with (VAR / "set-up.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        install_packages()
        install_assets()
        compile_messages()


def relock(arguments: Sequence[str]) -> None:
    """Write the lock files again: pinned, hashed, without the address of any registry."""
    compiler = [
        str(PYTHON), "-m", "uv", "pip", "compile", "--universal", "--python-version=3.11",
        "--generate-hashes", "--no-header", "--quiet", *arguments,
    ]  # fmt: skip
    say("Locking Python packages ...")
    for name, bound in (("requirements-dev", ()), ("requirements", ("-c", "requirements-dev.txt"))):
        patiently("uv compile", [*compiler, *bound, "-o", f"{name}.txt", f"{name}.in"])
    say("Locking front-end packages ...")
    # In an empty folder: beside an old lock npm keeps addresses, beside packages it omits hashes.
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", ".npmrc"):
            shutil.copy(ROOT / name, folder)
        command = npm("install", "--package-lock-only", f"--prefix={folder}", *NPM_OPTIONS)
        patiently("npm lock", command, cwd=Path(folder))
        shutil.copy(Path(folder) / "package-lock.json", ROOT)
