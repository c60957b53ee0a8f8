"""The environment of the peers: made on first use, beside the book's own, never inside it."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv-bench"


def peers_installed() -> bool:
    """Return whether this interpreter can import the peers."""
    return all(importlib.util.find_spec(name) for name in ("torch", "curvlinops", "nngeometry", "sb3_contrib"))


def python() -> str:
    """Return an interpreter that has the peers: BENCH_PYTHON if set, else that of .venv-bench, made if need be.

    On Linux the default PyTorch brings gigabytes of GPU libraries; point PIP_INDEX_URL at an index of CPU builds for less.
    """
    if given := os.environ.get("BENCH_PYTHON"):
        return given
    interpreter = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = FOLDER / ".ready"
    if not ready.exists():
        print(f"making {FOLDER} with PyTorch and the peers ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)
        pip = [str(interpreter), "-m", "pip", "install", "-q"]
        subprocess.run([*pip, "-r", str(ROOT / "benchmarks" / "requirements.txt")], check=True)
        ready.touch()
    return str(interpreter)
