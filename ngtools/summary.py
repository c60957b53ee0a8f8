"""What the studies say together: how much faster, and what it cost, gathered for the summary chapter.

Nothing is measured here.  Each number is read from a stored study and says which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from ngtools.experiments import load

__all__ = ["Outcome", "Speed", "outcomes", "speeds"]


@dataclass(frozen=True)
class Speed:
    """One comparison of a plain method with a natural one, each at its best tried setting unless the task says so.

    Parameters
    ----------
    task, plain, natural
        Words for a table.
    study
        The stored study that the numbers come from.
    needed
        Steps, updates or flow time that the two need.
    seconds
        Seconds of computing for one step of each, or None where nothing was timed.
    """

    task: str
    plain: str
    natural: str
    study: str
    needed: tuple[float, float]
    seconds: tuple[float, float] | None = None

    @property
    def by_steps(self) -> float:
        """How many times fewer steps (or less flow time) the natural method needs."""
        return self.needed[0] / self.needed[1]

    @property
    def by_seconds(self) -> float | None:
        """The same in seconds of computing; None where nothing was timed."""
        return None if self.seconds is None else self.by_steps * self.seconds[0] / self.seconds[1]


def middle(values: Sequence[float | None]) -> float:
    """The median; a run that never arrived counts as infinitely long."""
    return float(median(float("inf") if value is None else value for value in values))


def speeds() -> list[Speed]:
    """Every comparison of speed that the book has measured, the largest ratio of steps first."""
    found = [*_flows(), *_digits(), *_policies()]
    return sorted(found, key=lambda one: -one.by_steps)


def _flows() -> list[Speed]:
    kakade, plateau = load("kakade2001")["results"], load("amari1998")["results"]["plateau"]
    states = kakade["two states"]["0.8, 0.1"]
    costs = kakade["regulator"]
    quick = {kind: min(n for name, n in plateau.items() if name.startswith(kind)) for kind in ("vanilla", "natural")}
    return [
        Speed(
            "two states",
            "gradient",
            "natural",
            "kakade2001",
            (states["gradient"]["time"], states["natural, damping 0"]["time"]),
        ),
        Speed(
            "regulator",
            "gradient",
            "natural",
            "kakade2001",
            (costs["gradient"]["1, 1"][1], costs["natural, exact"]["1, 1"][1]),
        ),
        Speed("two hidden units", "gradient", "natural", "amari1998", (quick["vanilla"], quick["natural"])),
    ]


def _digits() -> list[Speed]:
    results = load("digits")["results"]
    needed = {name: middle(curve["hits"]["0.01"]) for name, curve in results["curves"].items()}
    cost = {name: quartiles[1] for name, quartiles in results["seconds"].items()}
    return [
        Speed("digits", name, "K-FAC", "digits", (needed[name], needed["K-FAC"]), (cost[name], cost["K-FAC"]))
        for name in ("SGD", "Adam")
    ]


def _policies() -> list[Speed]:
    linear, deep = load("cartpole_linear")["results"]["compared"], load("policies")["results"]
    rows = []
    for chart, word in (("weights", "cart, 4 weights"), ("rescaled features", "cart, rescaled")):
        needed = {name: middle(run["success"]) for name, run in linear[chart].items()}
        best = min((name for name in needed if name.startswith("vanilla")), key=needed.__getitem__)
        rows.append(Speed(word, "gradient", "TRPO", "cartpole_linear", (needed[best], needed["TRPO"])))
    cost = deep["seconds"]["32"]
    needed = {name: middle(run["solved"]) for name, run in deep["methods"].items()}
    for name in ("REINFORCE", "PPO"):
        both = (needed[name], needed["TRPO"]), (cost[name], cost["TRPO"])
        rows.append(Speed("cart, network", name, "TRPO", "policies", *both))
    return rows


@dataclass(frozen=True)
class Outcome:
    """What a policy method did over all seeds and updates of the study ``policies``.

    ``area`` is the interquartile mean of the area under the learning curve, ``unsolved`` the seeds (of ``seeds``) that
    never reach the mark, ``largest_kl`` the largest measured divergence of an update in nats, ``spread`` the worst over
    the best area in the tuning grid, and ``seconds`` the CPU seconds of one update of the policy.
    """

    method: str
    area: float
    unsolved: int
    seeds: int
    largest_kl: float
    largest_ratio: float
    spread: float
    seconds: float


def outcomes() -> list[Outcome]:
    """A record for each method of the study ``policies``."""
    stored: dict[str, Any] = load("policies")
    results, records = stored["results"], []
    for name, run in results["methods"].items():
        area = results["tuning"][name]["area"]
        records.append(
            Outcome(
                method=name,
                area=run["area"]["iqm"],
                unsolved=sum(first is None for first in run["solved"]),
                seeds=len(run["solved"]),
                largest_kl=max(run["largest_kl"]),
                largest_ratio=max(run["largest_ratio"]),
                spread=min(area) / max(area),
                seconds=results["seconds"]["32"][name],
            )
        )
    return records
