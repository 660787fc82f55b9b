"""Run the full counts behind the promises of one part; resumable, with a dated result.

    python -m tests.prove 1

Each test marked `prove(step=..., full=...)` runs by itself with its full count. What passed for the
same commit is not run again; the result is written to var/proofs/.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
PROOFS = ROOT / "var" / "proofs"
PYTEST = (sys.executable, "-m", "pytest", "-p", "no:randomly", "-q")


def promises(step: str) -> list[str]:
    """Return the node ids of the tests that hold a part's promises."""
    command = (*PYTEST, "--collect-only", "-m", "prove", "--prove-step", step)
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return [line for line in listed.stdout.splitlines() if "::" in line]


def commit() -> str:
    """Return the commit that is proved, marked when the tree differs from it."""
    def git(*arguments: str) -> str:
        return subprocess.run(("git", *arguments), cwd=ROOT, capture_output=True, text=True).stdout

    return git("rev-parse", "--short", "HEAD").strip() + ("+" if git("status", "--porcelain") else "")


def run(promise: str) -> dict[str, str | float]:
    """Run one promise in full and return what came of it."""
    started = time.monotonic()
    environment = dict(os.environ, CUSTODIA_PROVE="1")
    done = subprocess.run(
        (*PYTEST, "--reuse-db", "-rP", promise), cwd=ROOT, env=environment, capture_output=True, text=True
    )
    measured = " ".join(re.findall(r"^measured: (.*)$", done.stdout, flags=re.M))
    outcome = "held" if done.returncode == 0 else "NOT HELD"
    if done.returncode:
        tqdm.write(done.stdout[-3000:])
    return {"outcome": outcome, "seconds": round(time.monotonic() - started, 1), "measured": measured}


def main(step: str) -> int:
    """Run what was not proved yet for this commit; return 1 unless everything held."""
    state_file = PROOFS / f"part-{step}-{commit()}.json"
    PROOFS.mkdir(parents=True, exist_ok=True)
    state = json.loads(state_file.read_text()) if state_file.exists() else {}
    wanted = promises(step)
    if not wanted:
        sys.stderr.write(f"No promise is marked with step={step}.\n")
        return 1
    for promise in tqdm(wanted, unit="promise"):
        if state.get(promise, {}).get("outcome") != "held":
            state[promise] = run(promise)
            state_file.write_text(json.dumps(state, indent=1))
    lines = [f"Part {step}, commit {commit()}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"]
    lines += [
        f"{state[one]['outcome']:9} {state[one]['seconds']:7} s  {one}  {state[one]['measured']}".rstrip()
        for one in wanted
    ]
    result = "\n".join(lines) + "\n"
    (PROOFS / f"part-{step}-{datetime.now(UTC):%Y-%m-%d}.txt").write_text(result)
    sys.stdout.write(result)
    return 0 if all(state[one]["outcome"] == "held" for one in wanted) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
