"""A ladder of three rungs, the smallest process on which dropping the discount of the states goes the wrong way."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from ngtools.rl.mdp.model import MDP
from ngtools.rl.mdp.policy import Policy

__all__ = ["ladder"]


def ladder() -> tuple[MDP, Policy]:
    """Rungs 0, 1, 2; actions down and up; one logit, the same on every rung: P(up) = sigmoid(theta).

    Down from 0 and up from 2 stay there.  The middle rung pays 1 for either action, the top one 1 for stepping
    down, the lowest nothing.  Episodes begin at the bottom.
    """
    rung = np.eye(3)
    transition = np.stack([rung[[0, 0, 1]], rung[[1, 2, 2]]], axis=1)
    process = MDP(transition, [[0.0, 0.0], [1.0, 1.0], [1.0, 0.0]], rung[0])
    return process, Policy("one logit", lambda theta: jnp.broadcast_to(jnp.stack([0 * theta[0], theta[0]]), (3, 2)), 1)
