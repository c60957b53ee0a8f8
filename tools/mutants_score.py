"""The score of mutants that were run, with those that mean the same as the code left out."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "build" / "mutants.jsonl"
EQUIVALENT = ROOT / "tools" / "equivalent_mutants.toml"


def results() -> list[dict]:
    return [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.exists() else []


def key(result: dict) -> tuple:
    return result["path"], result["operator"], result["before"], result["after"], result["occurrence"]


def wilson(killed: int, n: int) -> tuple[float, float]:
    """The 95 % Wilson interval of a share."""
    z = 1.96
    centre, half = (killed + z**2 / 2) / (n + z**2), z * (killed * (n - killed) / n + z**2 / 4) ** 0.5 / (n + z**2)
    return centre - half, centre + half


def equivalents(listing: Path = EQUIVALENT, root: Path = ROOT) -> dict[tuple[str, str, str], str]:
    """The mutants that mean the same as the code, and why; ValueError where the code has moved on.

    An entry names the changed line (``after``), or an operator whose every change of the line means the same.
    """
    found = {}
    for entry in tomllib.loads(listing.read_text(encoding="utf-8"))["mutant"] if listing.exists() else []:
        file = root / entry["path"]
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        if entry["before"] not in map(str.strip, lines):
            raise ValueError(f"{listing.name}: no line of {entry['path']} is any more: {entry['before']}")
        if not entry["why"].strip():
            raise ValueError(f"{listing.name}: no reason for {entry['path']}: {entry['before']}")
        found[entry["path"], entry["before"], entry.get("after") or entry["operator"]] = entry["why"]
    return found


def report() -> int:
    same, found = equivalents(), results()
    for result in found:
        reasons = [same.get((result["path"], result["before"], result.get(which))) for which in ("after", "operator")]
        if result["outcome"] not in ("killed", "timeout") and any(reasons):
            result["outcome"], result["why"] = "equivalent", reasons[0] or reasons[1]
    for area in dict.fromkeys(result["area"] for result in found):
        here = [result for result in found if result["area"] == area and result["outcome"] != "equivalent"]
        killed = sum(result["outcome"] in ("killed", "timeout") for result in here)
        low, high = wilson(killed, max(len(here), 1))
        print(
            f"{area:10} {killed:4} of {len(here):4} killed: {killed / max(len(here), 1):.1%}"
            f"  (95 %: {low:.1%} to {high:.1%})"
        )
    for result in found:
        if result["outcome"] not in ("killed", "timeout"):
            print(f"{result['outcome']}: {result['path']}:{result['line']}  {result['before']}  ->  {result['after']}")
            if result["outcome"] == "equivalent":
                print(f"    since {result['why']}")
    return 0
