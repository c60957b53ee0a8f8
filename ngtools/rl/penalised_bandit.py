"""One state, K actions, rewards, and a penalty that holds the policy near a reference: where does each penalty lead?

    maximise  E_pi[r] - beta KL(pi || ref):   pi(a) proportional to ref(a) exp(r(a) / beta)
    maximise  E_pi[r] - beta KL(ref || pi):   pi(a) = beta ref(a) / (nu - r(a)),  nu > max r such that pi sums to 1

The policy is a softmax of its logits, all expectations are exact, and a penalty enters as the gradient that
``kl_estimators`` gives it: what a program does that differentiates an estimate on samples, with infinitely many samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import softmax

from ngtools import families
from ngtools.checks import number, real_array, whole_number
from ngtools.rl import kl_estimators
from ngtools.rl.bandit import multiplicative_weights

__all__ = ["ascend", "gibbs", "reverse_optimum"]


def _checked(ref: Any, rewards: Any, beta: Any) -> tuple[np.ndarray, np.ndarray, float]:
    ref = real_array(ref, "ref", ("K",))
    rewards = real_array(rewards, "rewards")
    if rewards.shape != ref.shape:
        raise ValueError(f"rewards must have shape {ref.shape}, an entry for each of ref (got {rewards.shape})")
    if (ref <= 0).any() or abs(ref.sum() - 1) > 1e-9:
        raise ValueError(f"ref must be positive probabilities that sum to 1 (got {ref.tolist()}, sum {ref.sum():.6g})")
    beta = number(beta, "beta (the weight of the penalty)", above=0)
    with np.errstate(over="ignore"):
        if not np.isfinite([1 / beta, *(rewards / beta)]).all():
            raise ValueError(f"beta (the weight of the penalty) is too small: rewards / beta overflows (got {beta!r})")
    return ref, rewards, beta


def gibbs(ref: Any, rewards: Any, beta: float) -> np.ndarray:
    """Return the policy that maximises E_pi[r] - beta KL(pi || ref): multiplicative weights at rate 1 / beta, shape (K,)."""
    ref, rewards, beta = _checked(ref, rewards, beta)
    return multiplicative_weights(ref, rewards, 1 / beta)


def reverse_optimum(ref: Any, rewards: Any, beta: float) -> np.ndarray:
    """Return the policy that maximises E_pi[r] - beta KL(ref || pi), shape (K,).

    The derivative r(a) + beta ref(a) / pi(a) must be the same number nu for all actions.
    """
    ref, rewards, beta = _checked(ref, rewards, beta)
    behind = (rewards.max() - rewards) / beta
    # pi(a) = ref(a) / (x + behind(a)): at x = ref(best) that term alone is 1, at x = 2 the terms sum to 1/2 or less
    low, tiny = ref[rewards.argmax()], np.finfo(np.float64).tiny
    x = brentq(lambda x: (ref / (x + behind)).sum() - 1, low, 2, xtol=tiny, rtol=1e-14)
    return np.asarray(ref / (x + behind))


def ascend(
    name: str, place: str, ref: Any, rewards: Any, beta: float, *, rate: float = 1.0, steps: int = 200
) -> np.ndarray:
    """Follow the gradient that a program computes, from the reference; return the policies, shape (steps + 1, K).

    Parameters
    ----------
    name, place
        The estimate of the divergence, and where it is put: as in ``kl_estimators.expected_gradient``.
    ref, rewards, beta
        Of the problem.
    rate, steps
        Of gradient ascent on the logits.
    """
    ref, rewards, beta = _checked(ref, rewards, beta)
    rate, steps = number(rate, "rate", above=0), whole_number(steps, "steps")
    family = families.get("categorical", K=len(ref))
    base = np.log(ref)
    theta, policies = base.copy(), [ref]
    for _ in range(steps):
        pi = policies[-1]
        penalty = kl_estimators.expected_gradient(name, family, theta, base, "logits", place=place)
        theta = theta + rate * (pi * (rewards - pi @ rewards) - beta * penalty)
        policies.append(np.asarray(softmax(theta)))
    return np.array(policies)
