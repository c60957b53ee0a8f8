"""What the settings of the methods are by default, and what each entry must be."""

import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.rl import npg, ppo, reinforce, trpo
from ngtools.rl.settings import check, checked_values

METHODS = {"REINFORCE": reinforce, "NPG": npg, "PPO": ppo}


def entries(settings, **names):
    return {theirs: getattr(settings, ours) for ours, theirs in names.items()}


def test_spinning_ups_settings_are_those_of_its_documentation():
    """The signatures of ``spinup.trpo_tf1`` and ``spinup.ppo_pytorch``."""
    both = {"batch": "steps_per_epoch", "iterations": "epochs", "gamma": "gamma", "lam": "lam"}
    assert entries(
        trpo.SPINNING_UP,
        **both,
        delta="delta",
        damping="damping_coeff",
        cg_steps="cg_iters",
        backtracks="backtrack_iters",
        shrink="backtrack_coeff",
    ) == {
        "steps_per_epoch": 4000,
        "epochs": 50,
        "gamma": 0.99,
        "lam": 0.97,
        "delta": 0.01,
        "damping_coeff": 0.1,
        "cg_iters": 10,
        "backtrack_iters": 10,
        "backtrack_coeff": 0.8,
    }
    assert entries(
        ppo.SPINNING_UP,
        **both,
        clip="clip_ratio",
        learning_rate="pi_lr",
        epochs="train_pi_iters",
        target_kl="target_kl",
        max_grad_norm="max_grad_norm",
    ) == {
        "steps_per_epoch": 4000,
        "epochs": 50,
        "gamma": 0.99,
        "lam": 0.97,
        "clip_ratio": 0.2,
        "pi_lr": 3e-4,
        "train_pi_iters": 80,
        "target_kl": 0.01,
        "max_grad_norm": None,
    }
    # it goes through the whole batch at each step
    assert ppo.SPINNING_UP.minibatch == ppo.SPINNING_UP.batch


def test_stable_baselines_settings_are_those_of_its_documentation():
    """The signatures of ``sb3_contrib.TRPO`` and ``stable_baselines3.PPO``."""
    both = {"batch": "n_steps", "gamma": "gamma", "lam": "gae_lambda", "normalise": "normalize_advantage"}
    common = {"n_steps": 2048, "gamma": 0.99, "gae_lambda": 0.95, "normalize_advantage": True}
    assert entries(
        trpo.SB3_CONTRIB,
        **both,
        delta="target_kl",
        cg_steps="cg_max_steps",
        damping="cg_damping",
        shrink="line_search_shrinking_factor",
        backtracks="line_search_max_iter",
        fisher_stride="sub_sampling_factor",
    ) == common | {
        "target_kl": 0.01,
        "cg_max_steps": 15,
        "cg_damping": 0.1,
        "line_search_shrinking_factor": 0.8,
        "line_search_max_iter": 10,
        "sub_sampling_factor": 1,
    }
    assert entries(
        ppo.SB3,
        **both,
        learning_rate="learning_rate",
        minibatch="batch_size",
        epochs="n_epochs",
        clip="clip_range",
        max_grad_norm="max_grad_norm",
        target_kl="target_kl",
    ) == common | {
        "learning_rate": 3e-4,
        "batch_size": 64,
        "n_epochs": 10,
        "clip_range": 0.2,
        "max_grad_norm": 0.5,
        "target_kl": None,
    }


@pytest.mark.parametrize("settings", [trpo.SPINNING_UP, trpo.SB3_CONTRIB], ids=["Spinning Up", "SB3"])
def test_implementations_take_the_length_of_the_damped_matrix(settings):
    assert settings.damped_length
    assert not trpo.Settings().damped_length
    assert trpo.Settings().damping == 0


@pytest.mark.parametrize("name", METHODS)
def test_methods_share_the_defaults_that_they_share(name):
    ours, common = vars(METHODS[name].Settings()), vars(trpo.Settings())
    shared = {entry for entry in ours if entry in common}
    assert shared >= {"iterations", "batch", "gamma", "lam", "normalise", "critic", "sampling"}
    assert {entry: ours[entry] for entry in shared} == {entry: common[entry] for entry in shared}


@pytest.mark.parametrize(
    "good", [{"damping": 0}, {"cg_tol": 0.0}, {"backtracks": 0}, {"shrink": 0.999}, {"gamma": 0}, {"lam": 1}]
)
def test_the_ends_that_are_allowed(good):
    (name, value), *_ = good.items()
    assert getattr(trpo.Settings(**good), name) == value


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: trpo.Settings(shrink=1.0), ValueError, r"shrink must be > 0 and < 1 \(got 1.0\)"),
        (lambda: trpo.Settings(shrink=1.5), ValueError, "shrink must be > 0 and < 1"),
        (lambda: trpo.Settings(backtracks=-1), ValueError, "backtracks must be at least 0"),
        (lambda: trpo.Settings(cg_tol=-1e-9), ValueError, "cg_tol must be >= 0"),
        (lambda: trpo.Settings(delta=None), TypeError, "delta must be one number"),
        (lambda: trpo.Settings(normalise=1), TypeError, "normalise must be True or False"),
        (lambda: trpo.Settings(damped_length=0), TypeError, "damped_length must be True or False"),
        (lambda: trpo.Settings(critic=None), TypeError, "critic must come from ngtools.rl.critics"),
        (lambda: trpo.Settings(fisher_stride=0), ValueError, "fisher_stride must be a whole number of at least 1"),
        (lambda: ppo.Settings(max_grad_norm=-1.0), ValueError, "max_grad_norm must be > 0"),
        (lambda: ppo.Settings(epochs=True), ValueError, "epochs must be a whole number of at least 1"),
        (lambda: npg.Settings(delta=None), ValueError, "give either delta= or learning_rate="),
        (lambda: npg.Settings(delta=-0.1), ValueError, "delta must be > 0"),
    ],
)
def test_what_no_method_can_use(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_an_entry_without_a_rule_is_not_looked_at():
    check(delta=0.1, temperature="hot")
    with pytest.raises(ValueError, match="delta must be > 0"):
        check(temperature="hot", delta=0)


def test_values_of_one_entry():
    found = checked_values(npg.Settings(), "delta", [1, 0.25])  # of type float or None
    assert found.dtype == np.float64
    assert found.tolist() == [1, 0.25]
    with pytest.raises(TypeError, match=r"floating point entry of the settings \(cg_steps is of type int\)"):
        checked_values(trpo.Settings(), "cg_steps", [1])
    with pytest.raises(ValueError, match=r"knob must be an entry of the settings, learning_rate, .*\(got 'delta'\)"):
        checked_values(reinforce.Settings(), "delta", [1.0])
    with pytest.raises(ValueError, match=r"values: gamma must lie in \[0, 1\] \(got 1.5\)"):
        checked_values(trpo.Settings(), "gamma", [0.5, 1.5])
    with pytest.raises(ValueError, match=r"values must have shape \(values,\)"):
        checked_values(trpo.Settings(), "gamma", 0.5)
    with pytest.raises(TypeError, match="gamma must be a plain number, not an array"):
        trpo.Settings(gamma=jnp.asarray(0.5))
