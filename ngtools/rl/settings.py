"""What the settings of a method must be: each entry knows its rule by its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from ngtools.checks import number, real_array, whole_number
from ngtools.rl.advantages import check_discounts
from ngtools.rl.critics import Critic
from ngtools.rl.envs.protocol import check_counts

__all__ = ["check", "checked_values"]

COUNTS = ("iterations", "batch", "cg_steps", "epochs", "minibatch", "fisher_stride")
POSITIVE = ("delta", "learning_rate", "clip", "shrink", "max_grad_norm", "target_kl")


def check(optional: Sequence[str] = (), **settings: Any) -> None:
    """Raise ValueError or TypeError on settings that no method can use.

    Parameters
    ----------
    optional
        Entries that may be None.
    settings
        All entries of a record.
    """
    for name, value in settings.items():
        if isinstance(value, jax.Array):
            raise TypeError(f"{name} must be a plain number, not an array (got {value!r}): settings are compiled in")
    given = {name: value for name, value in settings.items() if not (name in optional and value is None)}
    check_counts(**{name: value for name, value in given.items() if name in COUNTS})
    check_discounts(**{name: value for name, value in given.items() if name in ("gamma", "lam")})
    for name, value in given.items():
        if name in POSITIVE:
            number(value, name, above=0, **({"below": 1} if name == "shrink" else {}))
        elif name in ("damping", "cg_tol"):
            number(value, name, least=0)
        elif name == "backtracks":
            whole_number(value, name, least=0)
        elif name in ("normalise", "damped_length") and not isinstance(value, bool):
            raise TypeError(f"{name} must be True or False (got {value!r})")
        elif name == "critic" and not isinstance(value, Critic):
            raise TypeError(f"critic must come from ngtools.rl.critics (got {value!r})")
        elif name == "sampling" and value not in ("steps", "episodes"):
            raise ValueError(f"sampling must be 'steps' or 'episodes' (got {value!r})")


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
