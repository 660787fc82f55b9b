"""The compose file has the right form, one door, no open server, no unnamed setting."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from devtools.places import ROOT

COMPOSE = ROOT / "docker-compose.yml"
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_]+)(:\?|:-)?")


def check(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    return subprocess.run([*command, path], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def test_the_file_has_the_form_of_the_specification() -> None:
    answer = check(COMPOSE)
    assert answer.returncode == 0, answer.stdout


def test_the_check_would_notice_a_misspelt_key(tmp_path: Path) -> None:
    spoilt = tmp_path / "docker-compose.yml"
    spoilt.write_text(COMPOSE.read_text().replace("depends_on: [web]", "depend_on: [web]"))
    answer = check(spoilt)
    assert answer.returncode != 0
    assert "depend_on" in answer.stdout


def test_every_process_of_the_product_is_there(services: dict[str, Any]) -> None:
    assert services.keys() == {
        "proxy", "web", "worker", "beat", "sealer", "prepare", "postgres", "redis",
    }  # fmt: skip


def test_only_the_proxy_is_open_to_the_machine(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]


def test_the_web_process_and_the_servers_cannot_reach_the_internet(
    services: dict[str, Any],
) -> None:
    networks = yaml.safe_load(COMPOSE.read_text())["networks"]
    for name in ("web", "beat", "sealer", "prepare", "postgres", "redis"):
        assert all(networks[network]["internal"] for network in services[name]["networks"]), name


def test_redis_answers_nobody_without_a_password(services: dict[str, Any]) -> None:
    command = services["redis"]["command"]
    assert command[command.index("default") + 1] == "off"
    custodia = command[command.index("custodia") :]
    assert "nopass" not in custodia
    assert {"-@admin", "-@dangerous"} <= set(custodia)


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_long_running_processes_are_no_owners_of_the_database(
    services: dict[str, Any], name: str
) -> None:
    environment = services[name]["environment"]
    assert environment["DATABASE_URL"].startswith("postgresql://custodia_app:")
    assert not {"DATABASE_OWNER_URL", "POSTGRES_PASSWORD", "DEBUG"} & environment.keys()
    assert services[name]["read_only"]
    assert services[name]["cap_drop"] == ["ALL"]


def test_nobody_else_has_the_sealer_s_key_and_it_has_nobody_else_s(
    services: dict[str, Any],
) -> None:
    holders = {
        name
        for name, service in services.items()
        if any(str(volume).startswith("sealer:") for volume in service.get("volumes", ()))
    }
    assert holders == {"sealer", "prepare"}
    sealer = services["sealer"]
    assert sealer["environment"]["DATABASE_URL"].startswith("postgresql://custodia_sealer:")
    assert sealer["environment"]["SECRET_KEY"] != services["web"]["environment"]["SECRET_KEY"]
    assert not any("keys" in volume for volume in sealer["volumes"])
    assert not any("REDIS_PASSWORD" in str(value) for value in sealer["environment"].values())
    assert sealer["read_only"]


def test_compose_and_its_example_name_the_same_settings() -> None:
    used = {name for name, _ in VARIABLE.findall(COMPOSE.read_text())}
    offered = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert used == offered


def test_no_secret_has_a_usual_value() -> None:
    example = (ROOT / ".env.example").read_text()
    secrets = re.findall(r"^([A-Z_]*(?:PASSWORD|SECRET)[A-Z_]*)=(.*)$", example, re.MULTILINE)
    assert secrets
    assert [name for name, value in secrets if value] == []
    required = {name for name, mark in VARIABLE.findall(COMPOSE.read_text()) if mark == ":?"}
    # Without its secret a gateway is not there at all, and an answer of a patient is not taken.
    optional = ("EMAIL", "CUSTODIA_WECHAT", "CUSTODIA_WECOM", "CUSTODIA_REPLIES")
    assert {name for name, _ in secrets if not name.startswith(optional)} <= required


def test_procfile_and_compose_run_the_same_processes(services: dict[str, Any]) -> None:
    lines = (ROOT / "Procfile").read_text().splitlines()
    processes = dict(line.split(": ", 1) for line in lines)
    assert processes.keys() == {"web", "worker", "beat", "sealer"}
    for name in ("worker", "beat", "sealer"):
        words = services[name]["command"]
        assert processes[name].split()[:3] == words[:3]
