"""Every public function of the methods of reinforcement learning, asked wrongly at random: see test_public_functions.

The records that do the work have entries too: the settings of each method, and what a policy is asked for.
"""

import importlib.util
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import families
from ngtools.rl import advantages, anatomy, checkpoint, critics, envs, mdp, npg, policies, ppo, reinforce, trpo
from ngtools.rl.charts import CHARTS
from ngtools.rl.regulator import Regulator
from ngtools.rl.rollout import Rollout
from ngtools.rl.sweep import starts
from ngtools.rl.training import State


def load(name):
    """A file of this folder that is no test: it is not on the path."""
    spec = importlib.util.spec_from_file_location(f"_fuzz_{name}", Path(__file__).with_name(f"{name}.py"))
    if spec.name not in sys.modules:
        sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[spec.name])
    return sys.modules[spec.name]


asking = load("asking")
Call, Kind, array_replacements = asking.Call, asking.Kind, asking.array_replacements
vector, coordinates, matrix, data = asking.vector, asking.coordinates, asking.matrix, asking.data
positive, number, count, word, tree = asking.positive, asking.number, asking.count, asking.word, asking.tree

# ``training`` and ``rollout`` pass on what these have checked
PACKAGES = tuple(
    f"rl.{name}"
    for name in (
        "advantages", "anatomy", "bandit", "charts", "checkpoint", "clipping", "critics", "guarantee", "kl_estimators",
        "npg", "penalised_bandit", "policies", "ppo", "regulator", "reinforce", "report", "settings", "sweep",
        "symbolic_bandit", "trpo", "twins",
    )
)  # fmt: skip
RECORDS = {
    "rl.npg.Settings", "rl.policies.Policy.fisher", "rl.policies.Policy.greedy", "rl.policies.Policy.kl",
    "rl.policies.Policy.log_prob", "rl.policies.Policy.outputs", "rl.policies.Policy.sample",
    "rl.policies.Policy.sensitivity", "rl.ppo.Settings", "rl.regulator.Regulator", "rl.reinforce.Settings",
    "rl.trpo.Settings",
}  # fmt: skip

# -- what the calls are made with ---------------------------------------------------------------------------------

ENV = envs.make("CartPole-v1", num_envs=2, horizon=4)
POLICY = policies.linear(ENV)
VECTORS = policies.linear(envs.make("Pendulum-v1", num_envs=2))
THETA = {"bias": jnp.zeros(2), "kernel": jnp.arange(8.0).reshape(4, 2) / 10}
OTHER = {"bias": jnp.ones(2), "kernel": THETA["kernel"]}
SEEN, ACTIONS = np.linspace(-1, 1, 12).reshape(3, 4), np.array([0, 1, 1])
BATCH = advantages.Batch(SEEN, ACTIONS, jnp.array([1.0, -1.0, 0.5]), jnp.ones(3), jnp.ones(()))
KEY = jax.random.key(0)
STATE = State(THETA, (), (), (), KEY, jnp.zeros((), int))
ONE, NEVER = np.ones(4), np.zeros(4, bool)
ROWS = np.ones((2, 3))
ROLLOUT = Rollout(np.ones((2, 3, 4)), ROWS, ROWS, np.ones((2, 3, 4)), ROWS > 1, ROWS > 1, ROWS)
NO_CRITIC = {"critic": critics.none(), "iterations": 1, "batch": 4}
SLOW = reinforce.Settings(**NO_CRITIC)
PROCESS, TWO_ACTIONS = mdp.random_mdp(np.random.default_rng(0), 2, 3), mdp.random_mdp(np.random.default_rng(0), 2, 2)
TABULAR, LOGITS = mdp.log_linear(np.random.default_rng(1).standard_normal((2, 3, 2))), [0.1, -0.2]
OLD, NEW = np.full((2, 3), 1 / 3), np.array([[0.2, 0.3, 0.5], [0.3, 0.3, 0.4]])
P, R = [0.5, 0.3, 0.2], [1.0, 0.0, 0.5]
COIN, NORMAL = families.get("bernoulli"), families.get("normal")
SYSTEM = Regulator()
TRIAL = anatomy.trial(0, copies=2, steps=8)


def rng():
    return np.random.default_rng(0)


def value(observations):
    return observations[..., 0]


def discounts(_):
    return {"one": 1.0, "negative": -0.1, "nan": np.nan, "word": "x", "list": [0.5, 0.5], "none": None}


def discount(value):
    """A discount of advantages: 1 is one, too."""
    return Kind(value, lambda _: {"more": 1.1, "negative": -0.1, "nan": np.nan, "word": "x", "list": [0.5, 0.5]})


def at_least_zero(value):
    bad = {"negative": -0.5, "nan": np.nan, "infinity": np.inf, "word": "x", "list": [1.0, 2.0], "none": None}
    return Kind(value, lambda _: bad)


def plain(value):
    """A positive number of a settings record, which are compiled in: no array."""
    bad = positive(value).hostile(value)
    return Kind(value, lambda _: bad | {"array": jnp.asarray(0.1)})


def seeds(value):
    return Kind(value, lambda _: {"half": 2.5, "negative": -1, "nan": np.nan, "word": "x", "list": [1, 2]})


def marks(value):
    return Kind(value, lambda v: {"numbers": v.astype(float), "longer": np.append(v, v[-1:]), "deeper": v[:, None]})


def rows_of(value):
    """One number for each row of a rollout: no other shape is broadcast."""
    kept = ("nan", "infinity", "longer", "deeper", "words", "complex")
    return Kind(value, lambda v: {k: a for k, a in array_replacements(v).items() if k in kept})


def many(value):
    """As many numbers as one likes, in one row."""
    return Kind(value, lambda v: {k: a for k, a in array_replacements(v).items() if k != "longer"} | {"nothing": []})


def some_positive(value):
    return Kind(value, lambda v: many(value).hostile(v) | {"zero": [0.0], "negative": [-0.1]})


def distribution(value):
    """Probabilities of one choice among K, all positive."""
    wrong = {"zero": np.eye(len(value))[0], "sum": 2 * np.asarray(value)}
    return Kind(value, lambda v: array_replacements(v) | wrong)


def policy_rows(value):
    wrong = {"zero": np.eye(3)[:2], "sum": 2 * np.asarray(value), "a row": np.asarray(value)[0]}
    return Kind(value, lambda v: array_replacements(v) | wrong)


def observations():
    """Of the three rows that actions were taken in; what a longer batch is, is decided by what stands beside it."""
    kept = ("nan", "infinity", "deeper", "words", "complex")
    return Kind(SEEN, lambda v: {k: a for k, a in array_replacements(v).items() if k in kept} | {"one": v[0]})


def params(value=THETA):
    return tree(value)


def actions():
    wrong = {"beyond": ACTIONS + 1, "negative": ACTIONS - 1, "halves": ACTIONS / 2, "longer": np.append(ACTIONS, 0)}
    return Kind(ACTIONS, lambda _: wrong | {"deeper": ACTIONS[:, None], "words": np.full(3, "x")})


def environment():
    return Kind(ENV, lambda _: {"name": "CartPole-v1", "none": None})


def heads():
    normal, three = (NORMAL, "mean-std"), (families.get("categorical", K=3), "minimal-logits")
    return Kind(None, lambda _: {"unknown": "no such word", "number": 3.5, "normal": normal, "three": three})


def scales(v):
    return array_replacements(v) | {"zero": [1.0, 0.0, 1.0, 1.0], "short": [1.0, 1.0]}


def gains(_):
    return number(-0.5).hostile(-0.5) | {"unstable": 0.4}


def long_gains(_):
    """An episode may be unstable, but not so long that its cost is no number."""
    return number(-0.5).hostile(-0.5) | {"beyond": 1e160}


def in_process(**more):
    return {"mdp": PROCESS, "policy": TABULAR, "theta": vector(LOGITS), "gamma": Kind(0.9, discounts), **more}


def estimated(**more):
    return {
        "name": word("k1"), "family": NORMAL, "theta": coordinates([0.3, 1.2]), "ref": coordinates([0.1, 0.8]),
        "chart": word("mean-std"), **more,
    }  # fmt: skip


def penalised(**more):
    beta = Kind(0.5, lambda v: positive(v).hostile(v) | {"tiny": 1e-320})
    return {"ref": distribution(P), "rewards": vector(R), "beta": beta, **more}


def in_chart(**more):
    return {"mdp": TWO_ACTIONS, "chart": CHARTS[2], "gamma": Kind(0.9, with_average), "kind": word("vanilla"), **more}


def with_average(_):
    """None is the average reward here."""
    return {name: bad for name, bad in discounts(_).items() if name != "none"}


def settings_of(excused=(), **more):
    shared = {
        "iterations": count(1), "batch": count(4), "gamma": discount(0.9), "lam": discount(0.9),
        "normalise": Kind(True, lambda _: {"number": 0.5, "word": "x"}),
        "critic": Kind(critics.none(), lambda _: {"word": "quadratic", "none": None, "the function": critics.none}),
        "sampling": word("steps"),
    }  # fmt: skip
    return Call(shared | more, excused=excused)


def update_of(module, **more):
    settings = module.Settings(**NO_CRITIC, **more)
    return Call({"policy": POLICY, "state": STATE, "batch": BATCH, "settings": settings})


def train_of(module):
    settings = module.Settings(**NO_CRITIC)
    return Call({"env": ENV, "policy": POLICY, "start": KEY, "settings": settings})


def initial_of(module):
    return Call({"env": ENV, "policy": POLICY, "key": Kind(KEY, lambda _: {"number": 1.5, "word": "x"})})


def solving():
    return {"cg_steps": count(5), "cg_tol": at_least_zero(1e-3), "damping": at_least_zero(0.0)}


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """A folder with a checkpoint; the calls that read and write one get their paths from it."""
    folder = tmp_path_factory.mktemp("fuzz")
    checkpoint.save(folder / "stored.npz", {"w": jnp.ones(2), "key": KEY})
    (folder / "text.npz").write_text("no archive")
    np.save(folder / "array.npy", np.ones(2))
    CALLS["rl.checkpoint.load"] = Call(
        {
            "path": Kind(
                folder / "stored.npz", lambda _: {"text": folder / "text.npz", "an array": folder / "array.npy"}
            ),
            "like": Kind({"w": jnp.ones(2), "key": KEY}, other_trees),
        },
        {"path": "npz|npy", "like": "like"},
    )
    CALLS["rl.checkpoint.save"] = Call(
        {"path": folder / "new.npz", "tree": Kind({"w": 1.0}, lambda _: {"a word": {"w": "x"}, "a set": {"w": {1}}})}
    )


def other_trees(_):
    return {
        "other names": {"v": jnp.ones(2), "key": KEY},
        "other shape": {"w": jnp.ones(3), "key": KEY},
        "no key": {"w": jnp.ones(2), "key": jnp.ones(2, jnp.uint32)},
        "a key": {"w": KEY, "key": KEY},
        "keys": {"w": jnp.ones(2), "key": jax.random.split(KEY, 3)},
    }


SLOPE = {"r": vector([2.0, 0.0, 0.5]), "p": distribution(P)}

CALLS = {
    "rl.advantages.batch": Call(
        {
            "rollout": Kind(
                ROLLOUT,
                lambda v: {
                    "nan": Rollout(**vars(v) | {"rewards": np.nan * ROWS}),
                    "longer": Rollout(**vars(v) | {"rewards": np.ones((3, 3))}),
                    "nothing valid": Rollout(**vars(v) | {"valid": ROWS > 1}),
                },
            ),
            "value": Kind(value, lambda _: {"one number": lambda s: s[0, 0, 0], "deeper": lambda s: s}),
            "gamma": discount(0.9),
            "lam": discount(0.9),
        },
        {"rollout": "rollout|rewards|values", "value": "values"},
    ),
    "rl.advantages.gae": Call(
        {
            "rewards": rows_of(ONE),
            "values": rows_of(ONE),
            "next_values": rows_of(ONE),
            "terminated": marks(NEVER),
            "truncated": marks(NEVER),
            "gamma": discount(0.9),
            "lam": discount(0.9),
        }
    ),
    "rl.anatomy.at_values": Call(
        {
            "method": trpo.METHOD,
            "found": TRIAL,
            "settings": trpo.Settings(**NO_CRITIC),
            "knob": Kind("delta", lambda _: {"unknown": "no such word", "whole": "cg_steps", "number": 3.5}),
            "values": some_positive([0.01]),
        }
    ),
    "rl.anatomy.budget_shares": Call({"found": TRIAL, "dampings": some_positive([0.1])}),
    "rl.anatomy.full_step": Call({"found": TRIAL, "delta": positive(0.01)}),
    "rl.anatomy.random_gains": Call({"found": TRIAL, "delta": positive(0.01), "rng": rng(), "count": count(3)}),
    "rl.anatomy.trial": Call({"seed": seeds(0), "copies": count(2), "steps": count(8)}),
    "rl.bandit.gradient_flow": Call(
        SLOPE | {"times": Kind([0.0, 1.0], lambda v: many(v).hostile(v) | {"one": [1.0], "back": [1.0, 0.5]})}
    ),
    "rl.bandit.multiplicative_weights": Call(
        SLOPE | {"alpha": Kind(0.5, lambda v: number(v).hostile(v) | {"beyond": 1.7e308})}
    ),
    "rl.bandit.natural_flow": Call(SLOPE | {"times": many([0.0, 1.0])}),
    "rl.bandit.regret": Call({"p": distribution(P), "r": vector(R)}, excused=("p: zero",)),  # the end of a flow
    "rl.charts.after_step": Call(
        in_chart(phi=Kind([0.4, 0.7], lambda v: array_replacements(v) | {"outside": [0.4, 1.2]}), size=positive(0.1))
    ),
    "rl.charts.ascend": Call(in_chart(z=vector([0.4, -0.7]), size=positive(0.1), steps=count(1, 0))),
    "rl.charts.chart_gap": Call(in_chart(z=vector([0.4, -0.7]), sizes=some_positive([0.1]))),
    "rl.charts.policy_of": Call({"z": many([0.4, -0.7])}),
    "rl.checkpoint.load": Call(),  # both: see ``folder``
    "rl.checkpoint.save": Call(),
    "rl.clipping.clipped_slopes": Call(
        {
            "ratios": Kind([0.5, 1.5], lambda v: array_replacements(v) | {"negative": [-0.1, 1.0]}),
            "advantages": vector([1.0, -1.0]),
            "clip": Kind(0.2, clip := lambda _: positive(0.2).hostile(0.2) | {"one": 1.0}),
        }
    ),
    "rl.clipping.divergence_if_obeyed": Call({"clip": Kind(0.2, clip)}),
    "rl.clipping.updates": Call(
        {"found": TRIAL, "learning_rates": some_positive([0.01]), "clip": Kind(0.2, clip), "epochs": count(1)}
    ),
    "rl.clipping.worst_pair": Call({"clip": Kind(0.2, clip)}),
    "rl.critics.mlp": Call(
        {"hidden": Kind((2,), lambda _: {"word": "2", "number": 2, "half": (2.5,)}), "damping": positive(0.1)}
        | {"steps": count(1), "cg_steps": count(2)}
    ),
    "rl.critics.none": Call(),
    "rl.critics.quadratic": Call({"ridge": at_least_zero(1e-3)}),
    "rl.guarantee.along": Call(in_process(step=vector([0.1, 0.1]), points=count(3, 2))),
    "rl.guarantee.compare": Call(
        {"mdp": PROCESS, "old": policy_rows(OLD), "new": policy_rows(NEW), "gamma": Kind(0.9, discounts)}
    ),
    "rl.guarantee.exact_step": Call(
        in_process(
            delta=positive(0.01),
            constraint=word("mean"),
            shrink=Kind(0.8, lambda _: positive(0.8).hostile(0.8) | {"one": 1.0}),
            backtracks=count(60, 0),
        )
    ),
    "rl.guarantee.guaranteed_step": Call(in_process(points=count(3))),
    "rl.guarantee.kl_by_state": Call({"old": policy_rows(OLD), "new": policy_rows(NEW)}),
    "rl.guarantee.misleading_ladder": Call(
        {"rungs": count(3, 2), "up": number(0.1), "top": number(0.1), "sensitivity": number(1.0)}
    ),
    "rl.guarantee.penalty": Call({"largest": at_least_zero(1.0), "gamma": Kind(0.9, discounts)}),
    "rl.guarantee.random_trial": Call(
        {
            "seed": seeds(0),
            "gamma": Kind(0.9, discounts),
            "delta": positive(0.01),
            "states": count(2),
            "actions": count(2),
            "d": count(2),
        }
    ),
    "rl.guarantee.visits": Call(
        {"mdp": PROCESS, "pi": matrix(OLD), "gamma": Kind(0.9, with_average)}, {"pi": "policy"}
    ),
    "rl.kl_estimators.estimates": Call(estimated(x=data([0.1, 0.2]))),
    "rl.kl_estimators.expected_gradient": Call(estimated(place=word("loss"))),
    "rl.kl_estimators.expected_value": Call(estimated()),
    "rl.kl_estimators.k1": Call({"log_ratio": data([0.1, -0.2])}, excused=("log_ratio: nothing",)),  # no draws, no
    "rl.kl_estimators.k2": Call({"log_ratio": data([0.1, -0.2])}, excused=("log_ratio: nothing",)),  # estimates
    "rl.kl_estimators.k3": Call({"log_ratio": data([0.1, -0.2])}, excused=("log_ratio: nothing",)),
    "rl.kl_estimators.sample_gradients": Call(estimated(x=data([0.1, 0.2]), place=word("loss"))),
    "rl.npg.initial": initial_of(npg),
    "rl.npg.Settings": settings_of(delta=plain(0.01), **solving()),
    "rl.npg.train": train_of(npg),
    "rl.npg.update": update_of(npg),
    "rl.penalised_bandit.ascend": Call(
        penalised(name=word("k1"), place=word("loss"), rate=positive(1.0), steps=count(1))
    ),
    "rl.penalised_bandit.gibbs": Call(penalised()),
    "rl.penalised_bandit.reverse_optimum": Call(penalised()),
    "rl.policies.in_chart": Call({"policy": POLICY, "to": jnp.sinh, "back": jnp.arcsinh}),
    "rl.policies.linear": Call({"env": environment(), "head": heads(), "scale": Kind([1.0, 2.0, 1.0, 0.5], scales)}),
    "rl.policies.mlp": Call(
        {
            "env": environment(),
            "hidden": Kind(
                (2,), lambda _: {"none": (2, 0), "half": (2.5,), "word": "two", "number": 2, "nan": (np.nan,)}
            ),
            "head": heads(),
        }
    ),
    "rl.policies.of_model": Call({"env": environment(), "model": value, "start": value, "head": heads()}),
    "rl.policies.Policy.fisher": Call(
        {
            "self": POLICY,
            "params": params(),
            "observations": observations(),
            "weights": Kind(
                np.ones(3), lambda v: {"negative": -v, "longer": np.ones(4), "nan": np.array([1, 1, np.nan])}
            ),
        },
        {"observations": "batch"},
    ),
    "rl.policies.Policy.greedy": Call({"self": POLICY, "params": params(), "observations": observations()}),
    "rl.policies.Policy.kl": Call(
        {"self": POLICY, "old": params(), "new": params(OTHER), "observations": observations()}
    ),
    "rl.policies.Policy.log_prob": Call(
        {"self": POLICY, "params": params(), "observations": observations(), "actions": actions()}
    ),
    "rl.policies.Policy.outputs": Call({"self": POLICY, "params": params(), "observations": observations()}),
    "rl.policies.Policy.sample": Call(
        {
            "self": POLICY,
            "params": params(),
            "observations": observations(),
            "key": Kind(KEY, lambda _: {"number": 1.5, "word": "x"}),
        }
    ),
    "rl.policies.Policy.sensitivity": Call({"self": POLICY, "params": params(), "observations": observations()}),
    "rl.ppo.clipped": Call(
        {"ratio": vector([0.5, 1.5]), "advantages": vector([1.0, -1.0]), "clip": positive(0.2)},
        {"ratio": "ratio", "advantages": "advantages"},
    ),
    "rl.ppo.initial": initial_of(ppo),
    "rl.ppo.Settings": settings_of(
        clip=plain(0.2),
        learning_rate=Kind(3e-4, lambda _: plain(0.1).hostile(0.1) | {"none": None}),
        epochs=count(1),
        minibatch=count(4),
        max_grad_norm=plain(0.5),
        target_kl=plain(0.01),
    ),
    "rl.ppo.train": train_of(ppo),
    "rl.ppo.update": Call(),  # needs the optimiser's state: see test_methods
    "rl.regulator.average_cost": Call({"system": SYSTEM, "k": Kind(-0.5, gains), "v": positive(0.5)}),
    "rl.regulator.best_gain": Call({"system": SYSTEM}),
    "rl.regulator.episode_cost": Call(
        {"system": SYSTEM, "k": Kind(-0.5, long_gains), "v": positive(0.5), "T": count(3)}
    ),
    "rl.regulator.policy_fisher": Call({"k": number(-0.5), "v": positive(0.5), "second_moment": at_least_zero(1.0)}),
    "rl.regulator.Regulator": Call(
        {
            "growth": number(0.7),
            "noise": positive(1.0),
            "state_cost": at_least_zero(1.0),
            "action_cost": at_least_zero(0.0),
        }
    ),
    "rl.reinforce.initial": initial_of(reinforce),
    "rl.reinforce.Settings": settings_of(learning_rate=Kind(0.3, lambda _: plain(0.1).hostile(0.1) | {"none": None})),
    "rl.reinforce.train": train_of(reinforce),
    "rl.reinforce.update": update_of(reinforce),
    "rl.report.finite_or": Call({"proposal": OTHER, "old": THETA}),  # what is not finite is its business
    "rl.report.measure": Call(
        {"policy": POLICY, "old": params(), "new": params(OTHER), "batch": BATCH},
        {"old": "old|params", "new": "new|params"},
    ),
    "rl.report.obstacle": Call({"policy": POLICY, "params": params(), "batch": BATCH, "gradient": OTHER}),
    "rl.report.settle": Call(
        {
            "policy": POLICY,
            "old": params(),
            "proposal": Kind(OTHER, lambda v: {"longer": tree(v).hostile(v)["longer"], "part": {"bias": v["bias"]}}),
            "batch": BATCH,
            "status": jnp.zeros((), int),
        },
        {"old": "old|params"},
    ),
    "rl.report.unmeasured": Call({"policy": POLICY, "params": THETA, "batch": BATCH}),  # looks at shapes alone
    "rl.settings.checked_values": Call(
        {
            "settings": SLOW,
            "knob": Kind("learning_rate", lambda _: {"unknown": "no such word", "whole": "batch", "number": 3.5}),
            "values": some_positive([0.1]),
        }
    ),
    "rl.settings.check": Call({"delta": positive(0.1), "gamma": discount(0.9), "batch": count(3)}),
    "rl.sweep.starts": Call(
        {
            "method": reinforce.METHOD,
            "env": ENV,
            "policy": POLICY,
            "settings": SLOW,
            "seeds": Kind((0, 1), lambda _: {"halves": (0.5, 1.5), "words": ("a",), "one": 3, "nothing": ()}),
        }
    ),
    "rl.sweep.sweep": Call(
        {
            "method": reinforce.METHOD,
            "env": ENV,
            "policy": POLICY,
            "settings": SLOW,
            "knob": Kind("learning_rate", lambda _: {"unknown": "no such word", "whole": "batch", "number": 3.5}),
            "values": some_positive([0.1]),
            "states": starts(reinforce.METHOD, ENV, POLICY, SLOW, (0,)),
        }
    ),
    "rl.symbolic_bandit.bandit_gradients": Call({"K": count(2, 2)}),
    "rl.symbolic_bandit.score_function_trick": Call(
        {"family": COIN, "chart": word("logit"), "outcomes": Kind(2, lambda _: count(2).hostile(2) | {"many": 3})}
    ),
    "rl.trpo.initial": initial_of(trpo),
    "rl.trpo.Settings": settings_of(
        delta=plain(0.01),
        **solving(),
        damped_length=Kind(False, lambda _: {"number": 0.5}),
        backtracks=count(1, 0),
        shrink=Kind(0.8, lambda _: plain(0.8).hostile(0.8) | {"one": 1.0}),
        fisher_stride=count(1),
    ),
    "rl.trpo.train": train_of(trpo),
    "rl.trpo.update": update_of(trpo),
    "rl.twins.twins": Call(
        {
            "found": TRIAL,
            "methods": {},
            "factor": positive(10.0),
            "units": Kind([1.0, 2.0, 1.0, 0.5], lambda v: array_replacements(v) | {"zero": [1.0, 0.0, 1.0, 1.0]}),
        }
    ),
}


def test_every_public_function_has_an_entry():
    assert not (set(asking.functions(PACKAGES)) | RECORDS) ^ set(CALLS)


WRITTEN = ("rl.checkpoint.load", "rl.checkpoint.save")  # their calls are made when there is a folder


@pytest.mark.parametrize("name", [n for n, call in CALLS.items() if asking.replacements(call) or n in WRITTEN])
def test_what_is_wrong_is_refused_by_name(name):
    asking.assert_refused_by_name(name, CALLS[name])


# what returns functions, keys or programs to be run; a report says by nan what a method has not
ASIDE = (
    "rl.anatomy.trial",
    "rl.policies.in_chart",
    "rl.policies.of_model",
    "rl.ppo.update",
    "rl.report.settle",
    "rl.report.unmeasured",
    "rl.checkpoint.load",
)
ANSWERABLE = [n for n in CALLS if n not in ASIDE and not n.endswith((".train", ".update", ".initial", ".updates"))]
ANSWERABLE = [n for n in ANSWERABLE if n not in ("rl.anatomy.at_values", "rl.sweep.sweep", "rl.sweep.starts", *WRITTEN)]


@pytest.mark.skipif(
    asking.COUNT < 20, reason="right calls have tests of their own; these show that the table is right: make fuzz"
)
@pytest.mark.parametrize("name", ANSWERABLE)
def test_what_is_right_is_answered(name):
    asking.assert_answered(name, CALLS[name])


def test_vector_actions_have_a_row_each():
    """The other action space: no shape is read as another."""
    start = VECTORS.init(KEY)
    for bad in (np.zeros(3), np.zeros((3, 2)), np.full((3, 1), np.nan)):
        with pytest.raises(ValueError, match="actions"):
            VECTORS.log_prob(start, np.ones((3, 3)), bad)
