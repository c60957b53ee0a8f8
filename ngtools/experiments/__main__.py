"""``python -m ngtools.experiments [NAME ...]``: run studies and store what they found."""

from __future__ import annotations

import sys
import time

from ngtools import experiments


def main(arguments: list[str]) -> int:
    """Run the studies named (all by default); 1 when a claim fails."""
    failed = 0
    for name in arguments or experiments.names():
        began = time.perf_counter()
        stored = experiments.write(name)
        print(f"{name}: {time.perf_counter() - began:.1f} s")
        for claim, verdict in stored["verdicts"].items():
            failed += not verdict
            print(f"  {'pass' if verdict else 'FAIL'}  {claim}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
