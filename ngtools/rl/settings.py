"""What the settings of a method must be: each entry knows its rule by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import numpy as np

from ngtools.checks import number, real_array, whole_number
from ngtools.rl.advantages import check_discounts
from ngtools.rl.critics import Critic
from ngtools.rl.envs.protocol import check_counts

__all__ = ["check", "checked_values"]


def _count(value: Any, name: str) -> None:
    check_counts(**{name: value})


def _discount(value: Any, name: str) -> None:
    check_discounts(**{name: value})


def _choice(value: Any, name: str) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False (got {value!r})")


def _critic(value: Any, name: str) -> None:
    if not isinstance(value, Critic):
        raise TypeError(f"{name} must come from ngtools.rl.critics (got {value!r})")


def _sampling(value: Any, name: str) -> None:
    if value not in ("steps", "episodes"):
        raise ValueError(f"{name} must be 'steps' or 'episodes' (got {value!r})")


RULES: dict[str, Callable[[Any, str], Any]] = {
    **dict.fromkeys(("iterations", "batch", "cg_steps", "epochs", "minibatch", "fisher_stride"), _count),
    **dict.fromkeys(("gamma", "lam"), _discount),
    **dict.fromkeys(("delta", "learning_rate", "clip", "max_grad_norm", "target_kl"), partial(number, above=0)),
    **dict.fromkeys(("damping", "cg_tol"), partial(number, least=0)),
    **dict.fromkeys(("normalise", "damped_length"), _choice),
    "shrink": partial(number, above=0, below=1),
    "backtracks": partial(whole_number, least=0),
    "critic": _critic,
    "sampling": _sampling,
}


def check(optional: Sequence[str] = (), **settings: Any) -> None:
    """Raise ValueError or TypeError on settings that no method can use.

    Parameters
    ----------
    optional
        Entries that may be None.
    settings
        All entries of a record; one that has no rule here is not looked at.
    """
    for name, value in settings.items():
        if isinstance(value, jax.Array):
            raise TypeError(f"{name} must be a plain number, not an array (got {value!r}): settings are compiled in")
        if name in RULES and not (name in optional and value is None):
            RULES[name](value, name)


def checked_values(settings: Any, knob: str, values: Any) -> np.ndarray:
    """Return the values that one entry of a record is to take, shape (values,), each checked as the record checks it.

    The entry must be a floating point number: whole numbers decide shapes, and each would be a program of its own.
    """
    kinds = {name: field.type for name, field in settings.__dataclass_fields__.items()}
    if knob not in kinds:
        raise ValueError(f"knob must be an entry of the settings, {', '.join(kinds)} (got {knob!r})")
    if not str(kinds[knob]).startswith("float"):
        raise TypeError(f"knob must name a floating point entry of the settings ({knob} is of type {kinds[knob]})")
    array = real_array(values, "values", ("values",))
    for value in array:
        try:
            replace(settings, **{knob: float(value)})
        except ValueError as error:
            raise ValueError(f"values: {error}") from None
    return array
