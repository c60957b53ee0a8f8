"""Two walks up a ladder on which a rule that often works goes wrong.

On ``ladder``, with three rungs, dropping the discount of the states: it is the smallest process that shows it.  On
``misleading_ladder``, a trust region on the mean divergence.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from ngtools.checks import number, whole_number
from ngtools.rl.mdp.model import MDP
from ngtools.rl.mdp.policy import Policy

__all__ = ["ladder", "misleading_ladder"]


def ladder() -> tuple[MDP, Policy]:
    """Rungs 0, 1, 2; actions down and up; one logit, the same on every rung: P(up) = sigmoid(theta).

    Down from 0 and up from 2 stay there.  The middle rung pays 1 for either action, the top one 1 for stepping
    down, the lowest nothing.  Episodes begin at the bottom.
    """
    rung = np.eye(3)
    transition = np.stack([rung[[0, 0, 1]], rung[[1, 2, 2]]], axis=1)
    process = MDP(transition, [[0.0, 0.0], [1.0, 1.0], [1.0, 0.0]], rung[0])
    return process, Policy("one logit", lambda theta: jnp.broadcast_to(jnp.stack([0 * theta[0], theta[0]]), (3, 2)), 1)


def misleading_ladder(
    rungs: int = 18, up: float = -0.3, top: float = -3.0, sensitivity: float = 15.0
) -> tuple[MDP, Policy]:
    """A walk up a ladder and a policy with one parameter, on which an accepted step lowers the return.

    On rung s the policy climbs (action 1) or descends (0), without reward.  On the top rung action 0 earns 1 and
    descends; action 1 jumps: it costs 1 and starts again at the bottom.  The logit of action 1 is up + theta on
    the way, and top + sensitivity theta on the top rung.

    At theta = 0 the top is rare, so that its divergence hardly counts in the mean and its loss hardly in the surrogate;
    a small step up makes it common.
    """
    rungs = whole_number(rungs, "rungs", least=2)
    up, top, sensitivity = number(up, "up"), number(top, "top"), number(sensitivity, "sensitivity")
    transition, reward = np.zeros((rungs, 2, rungs)), np.zeros((rungs, 2))
    for s in range(rungs):
        transition[s, 0, max(s - 1, 0)] = 1
        transition[s, 1, (s + 1) % rungs] = 1
    reward[-1] = 1, -1
    offset, feature = np.zeros((rungs, 2)), np.zeros((rungs, 2))
    offset[:, 1], feature[:, 1] = up, 1.0
    offset[-1, 1], feature[-1, 1] = top, sensitivity
    policy = Policy("ladder", lambda t: jnp.asarray(offset) + jnp.asarray(feature) * t[0], 1)
    return MDP(transition, reward, np.eye(rungs)[0]), policy
