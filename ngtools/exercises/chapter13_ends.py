"""Exercises of chapter 13: two kinds of end of an episode."""

from __future__ import annotations

import numpy as np

from ngtools.exercises.checker import Exercise, Mistake


def advantages(rewards, values, next_values, terminated, truncated, gamma, trace):
    """Generalised advantage estimates, backwards: e_t = r + gamma V' - V, A_t = e_t + gamma trace A_{t+1}."""
    found, following = np.zeros(len(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        future = 0.0 if terminated[t] else next_values[t]
        if terminated[t] or truncated[t]:
            following = 0.0
        following = rewards[t] + gamma * future - values[t] + gamma * trace * following
        found[t] = following
    return found


def advantages_beyond_the_end(rewards, values, next_values, terminated, truncated, gamma, trace):
    nowhere = np.zeros_like(terminated)
    return advantages(rewards, values, next_values, nowhere, terminated | truncated, gamma, trace)


def advantages_ended_by_the_clock(rewards, values, next_values, terminated, truncated, gamma, trace):
    return advantages(rewards, values, next_values, terminated | truncated, truncated, gamma, trace)


def advantages_across_episodes(rewards, values, next_values, terminated, truncated, gamma, trace):
    future = np.where(terminated, 0.0, next_values)
    nowhere = np.zeros_like(terminated)
    return advantages(rewards, values, future, nowhere, nowhere, gamma, trace)


BIAS = ("too low", "right", "too high")


def _verdict(found: float, true: float) -> str:
    return BIAS[0] if found < true - 1e-9 else BIAS[2] if found > true + 1e-9 else BIAS[1]


def _values_of_a_cut(bootstrap: float, steps: int = 500, gamma: float = 0.99) -> tuple[float, float]:
    """The estimated and the true value, 100 steps before the cut, of a state whose reward is 1 for ever."""
    rest = 100
    found = (1 - gamma**rest) / (1 - gamma) + gamma**rest * bootstrap
    return found, 1 / (1 - gamma)


def cut_as_an_end() -> str:
    """The critic's target when a truncation counts as a termination."""
    return _verdict(*_values_of_a_cut(bootstrap=0.0))


def cut_continued() -> str:
    return _verdict(*_values_of_a_cut(bootstrap=1 / (1 - 0.99)))


def cut_never_counted() -> str:
    found, true = _values_of_a_cut(bootstrap=1 / (1 - 0.99))
    return _verdict(found + 1.0, true)


def cut_measured() -> str:
    found, true = _values_of_a_cut(bootstrap=0.0)
    return f"A hundred steps before the cut the target is {found:.1f} instead of {true:.0f}."


_R = np.array([1.0, 1.0, 1.0, 1.0, 1.0])
_V, _NEXT = np.array([3.0, 2.0, 4.0, 3.0, 2.0]), np.array([2.0, 5.0, 3.0, 6.0, 1.0])
_TERMINATED = np.array([False, True, False, False, False])
_TRUNCATED = np.array([False, False, False, True, False])

EXERCISES = (
    Exercise(
        "advantages",
        "function",
        advantages,
        (
            Mistake(
                "life after the end",
                advantages_beyond_the_end,
                "after a termination there is no future: its next value counts as 0.",
            ),
            Mistake(
                "the clock taken for an end",
                advantages_ended_by_the_clock,
                "a truncated episode would have gone on: its last step keeps the next value.",
            ),
            Mistake(
                "sum across two episodes",
                advantages_across_episodes,
                "your sum runs on into the next episode. Both kinds of end stop it.",
            ),
        ),
        "Two kinds of end, two rules: only one of them removes the value, both stop the sum.",
        inputs=(
            (_R, _V, _NEXT, _TERMINATED, _TRUNCATED, 0.9, 0.5),
            (_R, _V, _NEXT, _TERMINATED, _TRUNCATED, 0.99, 1.0),
        ),
        hint="Work backwards: what is e_t at each kind of end, and what is handed on to the step before it?",
    ),
    Exercise(
        "cut_as_an_end",
        "prediction",
        cut_as_an_end,
        (
            Mistake(
                "cut continued",
                cut_continued,
                "that is what bootstrapping from the value at the cut gives. Here its future was set to zero.",
            ),
            Mistake(
                "reward counted twice",
                cut_never_counted,
                "nothing is added by the cut. Ask what is left out.",
            ),
        ),
        "Nothing in the observation says that the clock is about to strike, so no critic can learn to expect it.",
        choices=BIAS,
        measured=cut_measured,
    ),
)
