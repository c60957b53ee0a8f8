"""How far may a policy move on data of the old policy: the exact identity, the bounds, and a step that they do not cover.

All quantities are exact, on a tabular MDP.  Surrogates are per step, L = E_rho_old,new[A_old], so that the return is
predicted to gain L / (1 - gamma).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ngtools.checks import number, real_array, whole_number
from ngtools.descent import natural_gradient
from ngtools.rl import mdp as tabular
from ngtools.rl.mdp.evaluation import check_policy
from ngtools.rl.mdp.ladder import misleading_ladder
from ngtools.rl.mdp.model import check_probabilities

__all__ = [
    "Comparison",
    "ExactStep",
    "RandomTrial",
    "Walk",
    "along",
    "compare",
    "exact_step",
    "guaranteed_step",
    "kl_by_state",
    "misleading_ladder",
    "penalty",
    "random_trial",
    "visits",
]


@dataclass(frozen=True)
class Comparison:
    """A new policy against the old one.

    Parameters
    ----------
    gain
        R(new) - R(old).
    lemma
        The same by the performance-difference lemma: E_rho_new,new[A_old] / (1 - gamma).
    predicted
        L / (1 - gamma), the gain that the surrogate promises: old state weights.
    mean_kl, max_kl
        KL(old || new), its mean over rho_old and its maximum over the states, nats.
    mean_tv
        Total variation (half the L1 distance) of the two policies, mean over rho_old.
    largest
        epsilon: max |A_old(s, a)|.
    paper
        4 epsilon gamma / (1 - gamma)^2 max KL, what the bound of TRPO subtracts from ``predicted``.
    mixed
        2 epsilon gamma / (1 - gamma)^2 sqrt(mean KL max KL): at most half of ``paper``.
    mean_only
        4 epsilon gamma / (1 - gamma)^2 sqrt(mean KL / 2): what the mean alone can promise.
    """

    gain: float
    lemma: float
    predicted: float
    mean_kl: float
    max_kl: float
    mean_tv: float
    largest: float
    paper: float
    mixed: float
    mean_only: float


@dataclass(frozen=True, eq=False)
class ExactStep:
    """A trust-region step with exact expectations: where it ends, how often it was shortened, and what it is worth.

    ``full`` is the step to the edge of the quadratic model, of which ``fraction`` was taken.
    """

    theta: np.ndarray
    full: np.ndarray
    backtracks: int
    fraction: float
    comparison: Comparison


def penalty(largest: float, gamma: float) -> float:
    """4 epsilon gamma / (1 - gamma)^2, what a nat of max KL costs in the bound of TRPO; epsilon = max |A|."""
    largest, gamma = number(largest, "largest", least=0), _discount(gamma)
    return 4 * largest * gamma / (1 - gamma) ** 2


def kl_by_state(old: Any, new: Any) -> np.ndarray:
    """KL(old(. | s) || new(. | s)) in nats, shape (S,); both policies shape (S, A), with positive entries."""
    old, new = real_array(old, "old", ("S", "A")), real_array(new, "new")
    if old.shape != new.shape:
        raise ValueError(f"old and new must have one shape (S, A) (got {old.shape} and {new.shape})")
    for name, policy in (("old", old), ("new", new)):
        check_probabilities(policy, name, ("s",))
        missing = np.argwhere(np.logical_not(policy))
        if missing.size:
            s, a = (int(i) for i in missing[0])
            raise ValueError(f"{name} must have positive entries (got 0 at s={s}, a={a}): the divergence is not finite")
    return np.asarray(np.sum(old * (np.log(old) - np.log(new)), axis=1))


def compare(mdp: tabular.MDP, old: Any, new: Any, gamma: float) -> Comparison:
    """Compare two policies, shape (S, A) each, by exact evaluation.

    Raises
    ------
    ValueError
        As ``mdp.evaluate``; and where gamma is None, since the bounds are about a discounted return.
    """
    gamma, old, new = _discount(gamma), check_policy(mdp, old, "old"), check_policy(mdp, new, "new")
    before, after = tabular.evaluate(mdp, old, gamma), tabular.evaluate(mdp, new, gamma)
    drift = np.sum(new * before.advantage, axis=1)  # what the new policy gains in a state, by the old values
    kl, tv = kl_by_state(old, new), np.abs(new - old).sum(axis=1) / 2
    largest = float(np.abs(before.advantage).max())
    factor = penalty(largest, gamma) / 2
    # rounding may leave a mean below 0, and a maximum only with it
    mean, most = float(before.rho @ kl), float(kl.max())
    return Comparison(
        gain=after.expected_return - before.expected_return,
        lemma=float(after.rho @ drift) / (1 - gamma),
        predicted=float(before.rho @ drift) / (1 - gamma),
        mean_kl=mean,
        max_kl=most,
        mean_tv=float(before.rho @ tv),
        largest=largest,
        paper=2 * factor * most,
        mixed=factor * float(np.sqrt(max(mean, 0) * most)),
        mean_only=2 * factor * float(np.sqrt(max(mean, 0) / 2)),
    )


def _discount(gamma: Any) -> float:
    if gamma is None:
        raise ValueError("gamma must be a number in [0, 1): the bounds hold for the discounted return")
    return number(gamma, "gamma", least=0, below=1)


def visits(mdp: tabular.MDP, pi: Any, gamma: float) -> np.ndarray:
    """rho(s), the normalised discounted state distribution, shape (S,)."""
    return tabular.evaluate(mdp, pi, gamma).rho


def exact_step(
    mdp: tabular.MDP,
    policy: tabular.Policy,
    theta: Any,
    gamma: float,
    delta: float,
    *,
    constraint: str = "mean",
    shrink: float = 0.8,
    backtracks: int = 60,
) -> ExactStep:
    """TRPO's step without sampling: exact gradient, Fisher matrix, KL and surrogate.

    Parameters
    ----------
    constraint
        ``"mean"``: KL(old || new) averaged over rho_old, as TRPO does.  ``"max"``: its maximum over the states.

    Raises
    ------
    RuntimeError
        No fraction shrink^j, j <= backtracks, keeps the constraint and raises the surrogate.
    """
    if constraint not in ("mean", "max"):
        raise ValueError(f"constraint must be 'mean' or 'max' (got {constraint!r})")
    gamma, delta = _discount(gamma), number(delta, "delta", above=0)
    shrink, backtracks = number(shrink, "shrink", above=0, below=1), whole_number(backtracks, "backtracks", least=0)
    full, old = _full_step(mdp, policy, theta, gamma, delta)
    for j in range(backtracks + 1):
        new = np.asarray(theta, float) + shrink**j * full
        found = compare(mdp, old, tabular.probabilities(policy, new), gamma)
        kl = found.mean_kl if constraint == "mean" else found.max_kl
        if kl <= delta and found.predicted > 0:
            return ExactStep(new, full, j, shrink**j, found)
    raise RuntimeError(f"no acceptable step after {backtracks} backtracks of {shrink}: take a smaller delta")


def guaranteed_step(mdp: tabular.MDP, policy: tabular.Policy, theta: Any, gamma: float, points: int = 121) -> ExactStep:
    """The step along the natural gradient with the largest lower bound ``predicted - paper``, over a geometric grid.

    The grid is of mean-KL radii (in the quadratic model) from 1e-14 to 1 nat; ``fraction`` is relative to 1 nat.
    """
    gamma, points = _discount(gamma), whole_number(points, "points")
    full, old = _full_step(mdp, policy, theta, gamma, 1.0)
    fractions = np.geomspace(1e-7, 1, points)
    found = [
        compare(mdp, old, tabular.probabilities(policy, np.asarray(theta, float) + f * full), gamma) for f in fractions
    ]
    best = int(np.argmax([c.predicted - c.paper for c in found]))
    return ExactStep(np.asarray(theta, float) + fractions[best] * full, full, 0, float(fractions[best]), found[best])


@dataclass(frozen=True, eq=False)
class Walk:
    """Returns along a step: ``fractions`` (points,) of it, the ``returns`` there, and what the surrogate ``promised``."""

    fractions: np.ndarray
    returns: np.ndarray
    promised: np.ndarray
    rho_old: np.ndarray


def along(mdp: tabular.MDP, policy: tabular.Policy, theta: Any, gamma: float, step: Any, points: int = 41) -> Walk:
    """Evaluate the policies between theta and theta + step."""
    step, points = real_array(step, "step", (policy.d,)), whole_number(points, "points", least=2)
    old, fractions = tabular.probabilities(policy, theta), np.linspace(0, 1, points)
    before = tabular.evaluate(mdp, old, gamma)
    moved = [np.asarray(theta, float) + fraction * step for fraction in fractions]
    found = [compare(mdp, old, tabular.probabilities(policy, new), gamma) for new in moved]
    returns, promised = np.array([[c.gain, c.predicted] for c in found]).T + before.expected_return
    return Walk(fractions, returns, promised, before.rho)


@dataclass(frozen=True)
class RandomTrial:
    """The longest guaranteed step and the practical one, from one start on one random process."""

    guaranteed: Comparison
    practical: Comparison


def random_trial(seed: int, gamma: float, delta: float, states: int = 10, actions: int = 3, d: int = 6) -> RandomTrial:
    """Compare the two steps for a log-linear policy with random features and weights."""
    d, rng = whole_number(d, "d"), np.random.default_rng(whole_number(seed, "seed", least=0))
    mdp = tabular.random_mdp(rng, states, actions)
    policy, theta = tabular.log_linear(rng.standard_normal((states, actions, d))), rng.standard_normal(d)
    guaranteed = guaranteed_step(mdp, policy, theta, gamma, points=61).comparison
    return RandomTrial(guaranteed, exact_step(mdp, policy, theta, gamma, delta).comparison)


def _full_step(
    mdp: tabular.MDP, policy: tabular.Policy, theta: Any, gamma: float, delta: float
) -> tuple[np.ndarray, np.ndarray]:
    """The step sqrt(2 delta / s^T F s) s with F s = g, and the old policy."""
    old = tabular.probabilities(policy, theta)
    F = tabular.policy_fisher(policy, theta, visits(mdp, old, gamma))
    g = tabular.policy_gradient(mdp, policy, theta, gamma, per_step=True)
    s = natural_gradient(F, g, singular="minimum-norm")
    return np.asarray(np.sqrt(2 * delta / (g @ s)) * s), old
