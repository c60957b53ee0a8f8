"""What an update and a training run report."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools import trees

__all__ = [
    "ACCEPTED",
    "NOT_FINITE",
    "NO_ACCEPTABLE_STEP",
    "REASONS",
    "SATURATED",
    "ZERO_GRADIENT",
    "ZERO_VARIANCE",
    "Report",
    "Trace",
    "finite_or",
    "measure",
    "obstacle",
    "settle",
    "unmeasured",
]

ACCEPTED, ZERO_GRADIENT, ZERO_VARIANCE, NO_ACCEPTABLE_STEP, SATURATED, NOT_FINITE = range(6)
REASONS = (
    "accepted",
    "gradient is zero",
    "advantages have zero variance",
    "no acceptable step",
    "policy is saturated",
    "not finite",
)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Report:
    """One update of a policy; a pytree of scalars.  What a method does not have is nan.

    Parameters
    ----------
    status
        Index into ``REASONS``; anything but 0 (accepted) means the parameters are unchanged.
    kl
        Mean KL(old || new) over the states of the batch, nats: measured, not modelled.
    gain
        L(new) - L(old), L the surrogate E[pi_new / pi_old A].
    predicted_kl, predicted_gain
        The same in the quadratic and the linear model, of the step before any backtracking: 1/2 D^T F D and g^T D, F
        undamped.
    gradient_norm
        Euclidean length of g.
    cg_steps, cg_residual
        Products taken and norm(F x - g) / norm(g) left by conjugate gradients (damping included, where there is one).
    backtracks
        How often the step was shortened before it was accepted or given up.
    ratio_min, ratio_max
        Extremes of pi_new(a|s) / pi_old(a|s) over the batch.
    clip_fraction
        Share of ratios outside PPO's interval.
    """

    status: Any
    kl: Any
    gain: Any
    predicted_kl: Any
    predicted_gain: Any
    gradient_norm: Any
    cg_steps: Any
    cg_residual: Any
    backtracks: Any
    ratio_min: Any
    ratio_max: Any
    clip_fraction: Any

    @property
    def accepted(self) -> Any:
        """Whether the parameters changed."""
        return self.status == ACCEPTED

    @property
    def reason(self) -> Any:
        """The status in words: a string, or an array of them (concrete values only)."""
        words = np.array(REASONS)[np.asarray(self.status)]
        return words if words.ndim else str(words)

    def __repr__(self) -> str:
        if trees.is_traced(self) or np.ndim(self.status):
            return f"<{type(self).__name__}: {'traced' if trees.is_traced(self) else 'batched'}>"
        return f"<update: {self.reason}, KL {float(self.kl):.2e} nats, surrogate gain {float(self.gain):.2e}>"


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Trace(Report):
    """The reports of a training run; every entry has shape (iterations,), after ``vmap`` (seeds, iterations).

    Parameters
    ----------
    env_steps
        Environment steps taken up to and including the batch.
    mean_return
        Mean undiscounted return of the episodes that ended in the batch (played by the policy *before* the update);
        nan where none did.
    episodes
        How many ended.
    explained_variance
        1 - Var(target - V) / Var(target) of the critic on the batch *before* it was fitted to it.
    """

    env_steps: Any
    mean_return: Any
    episodes: Any
    explained_variance: Any

    def __repr__(self) -> str:
        if trees.is_traced(self):
            return "<Trace: traced>"
        status, returns = np.asarray(self.status), np.asarray(self.mean_return)
        seeds = f"{len(status)} seeds, " if status.ndim > 1 else ""
        last = f"{np.mean(returns[..., -1]):.4g}" if returns.shape[-1] else "none"
        return (
            f"<Trace: {seeds}{status.shape[-1]} updates, {int(np.sum(status == ACCEPTED))} accepted, "
            f"mean return of the last batch {last}>"
        )


def obstacle(policy: Any, params: Any, batch: Any, gradient: Any) -> jax.Array:
    """Return why no step can be made from a gradient: a status, ``ACCEPTED`` where nothing is in the way.

    A saturated policy is one whose actions are certain in every state of the batch: its Fisher matrix is 0.
    """
    size, eps = trees.norm(gradient), jnp.finfo(batch.advantages.dtype).eps
    sensitivity = batch.mean(policy.sensitivity(params, batch.observations))
    status = jnp.where(size > 0, ACCEPTED, ZERO_GRADIENT)
    status = jnp.where(batch.spread > 0, status, ZERO_VARIANCE)
    status = jnp.where(sensitivity > eps, status, SATURATED)
    finite = jnp.isfinite(size) & jnp.isfinite(sensitivity) & jnp.isfinite(batch.spread)
    return jnp.where(finite, status, NOT_FINITE)


def finite_or(proposal: Any, old: Any) -> tuple[Any, jax.Array]:
    """Return the proposed parameters where all of them are finite, otherwise the old ones; and which it was."""
    # flattened first: one test and not one a leaf, since every small operation is compiled by itself
    finite = jnp.all(jnp.isfinite(trees.flatten(proposal)[0]))
    return jax.tree.map(lambda new, kept: jnp.where(finite, new, kept), proposal, old), finite


def measure(policy: Any, old: Any, new: Any, batch: Any) -> dict[str, jax.Array]:
    """Return what is measured of a step on a batch, by the names of a report: KL, surrogate gain, extreme ratios."""
    before = policy.log_prob(old, batch.observations, batch.actions)
    ratio = jnp.exp(policy.log_prob(new, batch.observations, batch.actions) - before)
    present = True if batch.weights is None else batch.weights > 0
    return {
        "kl": batch.mean(policy.kl(old, new, batch.observations)),
        "gain": batch.mean((ratio - 1) * batch.advantages),
        "ratio_min": jnp.min(ratio, where=present, initial=jnp.inf),
        "ratio_max": jnp.max(ratio, where=present, initial=-jnp.inf),
    }


def unmeasured(policy: Any, params: Any, batch: Any) -> dict[str, jax.Array]:
    """Return the entries of ``measure`` before anything is measured: nan."""
    shapes = jax.eval_shape(partial(measure, policy), params, params, batch)
    return jax.tree.map(lambda entry: jnp.full(entry.shape, jnp.nan, entry.dtype), shapes)


def settle(
    policy: Any, old: Any, proposal: Any, batch: Any, status: Any, measured: Any = None, **known: Any
) -> tuple[Any, Report]:
    """Return the parameters after an update, and its report.

    The proposal is taken where the status is ``ACCEPTED`` and its KL divergence is finite; otherwise the old parameters
    stay, bit for bit, and the report says why.  ``measured`` is what ``measure`` says of the proposal, where the method
    has asked already; ``known`` are the entries that only the method knows.
    """
    trees.check_like(proposal, old, "proposal", "old")
    proposal, in_numbers = finite_or(proposal, old)
    found = measure(policy, old, proposal, batch) if measured is None else measured
    finite = in_numbers & jnp.isfinite(found["kl"]) & jnp.isfinite(found["gain"])
    status = jnp.where((status == ACCEPTED) & ~finite, NOT_FINITE, status)
    accepted = status == ACCEPTED
    unchanged = {"kl": 0, "gain": 0, "ratio_min": 1, "ratio_max": 1}
    reported = {name: jnp.where(accepted, value, unchanged[name]) for name, value in found.items()}
    absent = {name: jnp.full((), jnp.nan, found["kl"].dtype) for name in Report.__dataclass_fields__}
    params = jax.tree.map(lambda new, kept: jnp.where(accepted, new, kept), proposal, old)
    return params, Report(**absent | {"status": status} | reported | known)
