"""Tabular Markov decision processes, exactly: the oracle for everything that is sampled.

Values, state distributions, gradients and Fisher matrices are linear solves in float64.  gamma in [0, 1) means the
discounted return from the start distribution, gamma = None the average reward per step; state distributions are
normalised in both.
"""

from ngtools.rl.mdp.evaluation import Evaluation, evaluate, optimal_values, state_marginals, stationary_distribution
from ngtools.rl.mdp.fisher import (
    joint_fisher,
    path_fisher,
    policy_fisher,
    state_fishers,
    state_score,
    trajectory_fisher,
)
from ngtools.rl.mdp.gradient import (
    differentiated_return,
    estimator_variance,
    expected_return,
    policy_gradient,
    without_discount,
)
from ngtools.rl.mdp.hessian import ascent_steps, asymmetry, differentiated_hessian, return_hessian
from ngtools.rl.mdp.ladder import ladder
from ngtools.rl.mdp.model import MDP, random_mdp
from ngtools.rl.mdp.natural import (
    compatible_weights,
    far_along,
    greedy,
    natural_policy_gradient,
    soft_step,
)
from ngtools.rl.mdp.policy import Policy, log_linear, probabilities, scores, tabular

__all__ = [
    "MDP",
    "Evaluation",
    "Policy",
    "ascent_steps",
    "asymmetry",
    "compatible_weights",
    "differentiated_hessian",
    "differentiated_return",
    "estimator_variance",
    "evaluate",
    "expected_return",
    "far_along",
    "greedy",
    "joint_fisher",
    "ladder",
    "log_linear",
    "natural_policy_gradient",
    "optimal_values",
    "path_fisher",
    "policy_fisher",
    "policy_gradient",
    "probabilities",
    "random_mdp",
    "return_hessian",
    "scores",
    "soft_step",
    "state_fishers",
    "state_marginals",
    "state_score",
    "stationary_distribution",
    "tabular",
    "trajectory_fisher",
    "without_discount",
]
