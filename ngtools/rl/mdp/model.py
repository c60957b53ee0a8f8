"""The record of a tabular Markov decision process, and the checks it passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ngtools.checks import whole_number

__all__ = ["MDP", "check_gamma", "check_probabilities", "random_mdp"]

# a row of probabilities written with eight digits still passes
SUM_TOLERANCE = 1e-8


@dataclass(frozen=True, eq=False)
class MDP:
    """A Markov decision process with S states and A actions.

    Parameters
    ----------
    transition
        P(s' | s, a), shape (S, A, S); every row over s' sums to one.
    reward
        Expected reward r(s, a), shape (S, A).
    start
        Distribution of the first state, shape (S,); uniform when it is not given.  The average-reward
        criterion does not look at it.

    Raises
    ------
    ValueError
        Shapes differ, an entry is nan, infinite or a negative probability, or a row does not sum to one.

    Examples
    --------
    >>> MDP([[[0.2, 0.7]]], [[1.0]])
    Traceback (most recent call last):
    ...
    ValueError: transition must have shape (S, A, S), the first and last axis both states (got (1, 1, 2))
    """

    transition: Any
    reward: Any
    start: Any = None

    def __post_init__(self) -> None:
        transition, reward = np.asarray(self.transition, float), np.asarray(self.reward, float)
        if transition.ndim != 3 or transition.shape[0] != transition.shape[2] or 0 in transition.shape:
            raise ValueError(
                f"transition must have shape (S, A, S), the first and last axis both states (got {transition.shape})"
            )
        S, A, _ = transition.shape
        if reward.shape != (S, A):
            raise ValueError(
                f"reward must have shape (S, A) = {(S, A)}, one expected reward for each state and action "
                f"(got {reward.shape}); average a reward that depends on the next state over it"
            )
        if not np.isfinite(reward).all():
            s, a = (int(i) for i in np.argwhere(~np.isfinite(reward))[0])
            raise ValueError(f"reward contains {reward[s, a]} at (s={s}, a={a})")
        start = np.full(S, 1 / S) if self.start is None else np.asarray(self.start, float)
        if start.shape != (S,):
            raise ValueError(f"start must have shape (S,) = ({S},) (got {start.shape})")
        check_probabilities(transition, "transition row", ("s", "a"))
        check_probabilities(start[None], "start", ())
        for name, value in (("transition", transition), ("reward", reward), ("start", start)):
            value = value.copy()
            value.flags.writeable = False
            object.__setattr__(self, name, value)

    @property
    def states(self) -> int:
        """S, the number of states."""
        return len(self.transition)

    @property
    def actions(self) -> int:
        """A, the number of actions."""
        return int(self.transition.shape[1])

    def __repr__(self) -> str:
        return f"<MDP: {self.states} states, {self.actions} actions>"


def check_probabilities(rows: np.ndarray, name: str, axes: tuple[str, ...]) -> None:
    """Raise unless every row of the last axis is a probability distribution; say which row is not."""

    def place(index: Any) -> str:
        return f" ({', '.join(f'{axis}={int(i)}' for axis, i in zip(axes, index))})" if axes else ""

    if not np.isfinite(rows).all():
        index = np.argwhere(~np.isfinite(rows))[0]
        raise ValueError(f"{name}{place(index)} contains {rows[tuple(index)]}")
    if (rows < 0).any():
        index = np.argwhere(rows < 0)[0]
        raise ValueError(f"{name}{place(index)} contains the negative probability {rows[tuple(index)]:g}")
    sums = rows.sum(axis=-1)
    wrong = np.abs(sums - 1) > SUM_TOLERANCE
    if wrong.any():
        index = np.argwhere(wrong)[0]
        raise ValueError(
            f"{name}{place(index)} sums to {sums[tuple(index)]:g}; probabilities must sum to 1 "
            f"(tolerance {SUM_TOLERANCE:g})"
        )


def check_gamma(gamma: float | None) -> float | None:
    """Return gamma; raise unless it is None (average reward) or in [0, 1)."""
    if gamma is None:
        return None
    if isinstance(gamma, (bool, str)) or np.ndim(gamma) or not np.isreal(gamma):
        raise ValueError(f"gamma must be one number or None (got {gamma!r})")
    if not 0 <= gamma < 1:
        raise ValueError(
            f"gamma must be in [0, 1) (got {gamma!r}); for rewards without a discount use gamma=None, "
            "the average reward per step"
        )
    return float(gamma)


def random_mdp(rng: np.random.Generator, states: int, actions: int) -> MDP:
    """Return an MDP with transition rows and start drawn uniformly from the simplex, standard normal rewards.

    Every transition probability is positive, so every policy has one stationary distribution.
    """
    states, actions = whole_number(states, "states"), whole_number(actions, "actions")
    transition = rng.dirichlet(np.ones(states), (states, actions))
    return MDP(transition, rng.standard_normal((states, actions)), rng.dirichlet(np.ones(states)))
