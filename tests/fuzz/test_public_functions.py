"""Every public function, asked wrongly at random: it refuses and names the argument, or there is a reason why it need not.

``CALLS`` says how each function of each package is called rightly, and of what kind each argument is.  One argument at
a time is then replaced: nan, infinity, another shape, another dtype, a value outside its domain, an unknown word.  The
answer must be a ValueError, TypeError or NotImplementedError (or a subclass) that names the argument; a raw error from
inside NumPy or JAX names none.  A function without an entry is red.

``make test`` tries a few replacements of each; FUZZ=50 (``make fuzz``) tries that many, and the right calls too.
"""

import importlib.util
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from ngtools import descent, families, kfac
from ngtools.rl import mdp


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
positive, number, count, word, tree, spoilt = (
    asking.positive, asking.number, asking.count, asking.word, asking.tree, asking.spoilt,
)  # fmt: skip

PACKAGES = (
    "data", "descent", "exercises", "experiments", "families", "fisher", "gallery", "geometry", "invariance", "kfac",
    "linear", "notebook", "products", "quadrature", "rl.envs", "rl.mdp", "symbolic",
)  # fmt: skip
UNKNOWN = {"experiments.load": (FileNotFoundError,)}  # documented, and no other

# -- what the calls are made with ---------------------------------------------------------------------------------

NORMAL, ZERO_MEAN = families.get("normal"), families.get("zero-mean-normal")
POINT, OTHER, DATA = [0.3, 1.2], [0.1, 0.8], [0.5, -1.0, 2.0]
F, G, S = [[2.0, 0.3], [0.3, 1.0]], [0.5, -1.0], [[1.0, 0.5], [0.0, 2.0]]
X, LABELS, KEY = jnp.ones((3, 2)).at[0, 1].set(-1.0), jnp.array([0, 1, 1]), jax.random.key(0)
PARAMS = {"w": jnp.arange(6.0).reshape(2, 3) / 10}
LAYERS = {"out": {"bias": jnp.zeros(3), "kernel": PARAMS["w"]}}
PROCESS = mdp.random_mdp(np.random.default_rng(0), 2, 3)
TABULAR = mdp.tabular(2, 3)
LADDER, CLIMBER = mdp.ladder()
LOGITS, PI = np.linspace(-0.5, 0.5, 6), np.full((2, 3), 1 / 3)
MU = sp.Symbol("mu", real=True)


def rng():
    return np.random.default_rng(0)


def objective(theta):
    return -((theta[0] - 1.0) ** 2)


def model(params, x):
    return x @ params["w"]


def layered(params, x, dense=kfac.dense):
    return dense(params, "out", x)


def log_normal_density(x, theta):
    return -((x - theta[0]) ** 2) / 2 - jnp.log(2 * jnp.pi) / 2


def at_point(**more):
    return {"family": NORMAL, "theta": coordinates(POINT), "chart": word("mean-std"), **more}


def on_batch(**more):
    return {"model": model, "params": tree(PARAMS), "batch": spoilt(X), "head": word("categorical"), **more}


def on_labels(**more):
    return {"model": model, "params": tree(PARAMS), "batch": (X, LABELS), **more}


def in_two_settings():
    settings = [descent.chart_setting(NORMAL, objective, chart) for chart in ("mean-std", "mean-variance")]
    return {
        "setting_a": settings[0],
        "theta_a": coordinates(POINT),
        "setting_b": settings[1],
        "theta_b": coordinates([0.3, 1.44]),
    }


def in_process(**more):
    return {"mdp": PROCESS, "policy": TABULAR, "theta": vector(LOGITS), "gamma": Kind(0.9, discounts), **more}


def discounts(_):
    return {"one": 1.0, "negative": -0.1, "nan": np.nan, "word": "x", "list": [0.5, 0.5]}


def factors():
    return kfac.factors(layered, LAYERS, X, "unit-normal")


CALLS = {
    # data, studies, exercises: nothing numerical goes in
    "data.digits": Call(),
    "data.load": Call({"name": word("horse_kicks")}),
    "data.names": Call(),
    "exercises.all_exercises": Call(),
    "exercises.by_chapter": Call(),
    "experiments.data_directory": Call(),
    "experiments.differences": Call({"stored": {"a": 1.0}, "fresh": {"a": 1.0}, "tolerance": 0.0}),
    "experiments.load": Call({"name": word("song2018")}),
    "experiments.names": Call(),
    "experiments.study": Call({"name": word("song2018")}),
    "experiments.write": Call({"name": word("song2018")}),
    # families
    "families.examples": Call(),
    "families.get": Call({"name": word("normal")}),
    "families.names": Call(),
    # fisher
    "fisher.agreement": Call(at_point(tolerance=positive(1e-7))),
    "fisher.by_curvature": Call(at_point()),
    "fisher.by_kl": Call(at_point()),
    "fisher.by_sampling": Call(at_point(size=count(5, 2), rng=Kind(rng(), lambda _: {"number": 1.5}))),
    "fisher.by_score": Call(at_point()),
    "fisher.empirical": Call(at_point(data=data(DATA))),
    "fisher.in_charts": Call(
        {"family": NORMAL, "theta": coordinates(POINT), "data": data(DATA), "charts": ["mean-std"]}
    ),
    "fisher.integers": Call({"lower": number(0), "upper": number(3)}),
    "fisher.mean_score": Call(at_point()),
    "fisher.observed": Call(at_point(data=data(DATA))),
    "fisher.of_density": Call(
        {"log_density": log_normal_density, "theta": coordinates([0.3]), "support": (-np.inf, np.inf)},
        excused=("theta: longer",),  # the density decides what it looks at
    ),
    "fisher.relative_change": Call(at_point(delta=vector([0.01, 0.02]))),
    "fisher.relative_eigenvalues": Call({"A": matrix(F), "F": matrix(F)}),
    "fisher.sampling_errors": Call(at_point(sizes=[4], runs=count(2), rng=rng())),
    "fisher.sampling_variance": Call(at_point()),
    "fisher.scores": Call(at_point(x=data(DATA)), {"x": "data"}),
    "fisher.scoring": Call(
        at_point(data=data(DATA), information=word("expected"), steps=count(2), tolerance=positive(1e-10))
    ),
    "fisher.scoring_rate": Call({"family": NORMAL, "best": coordinates(POINT), "data": data(DATA)}, {"best": "theta"}),
    "fisher.squared_length": Call({"g": vector(G), "F": matrix(F)}),
    "fisher.stated": Call(at_point()),
    # gallery and symbols: families, charts and whole numbers go in
    "gallery.entry": Call({"family": ZERO_MEAN, "chart": word("std")}),
    "gallery.families_of": Call({"kind": word("bounded")}),
    "gallery.gallery": Call({"kind": word("bounded")}),
    "gallery.kind_of": Call({"family": ZERO_MEAN}),
    "gallery.one_row": Call({"family": families.get("linear-regression", X=((1.0, 2.0), (1.0, 3.0)))}),
    "gallery.typeset": Call({"candidates": [sp.Matrix([[MU]])], "point": {MU: 1.0}}),
    "symbolic.constant_coordinate": Call({"family": ZERO_MEAN, "chart": word("std")}),
    "symbolic.derivation": Call({"family": ZERO_MEAN, "chart": word("std")}),
    "symbolic.divergence": Call({"family": ZERO_MEAN, "chart": word("std")}),
    "symbolic.euler_gap": Call({"d": count(1)}),
    "symbolic.euler_step_series": Call({"family": ZERO_MEAN, "chart": word("variance"), "order": count(3, 2)}),
    "symbolic.fisher": Call({"family": ZERO_MEAN, "chart": word("std")}),
    "symbolic.fisher_of": Call(
        {
            "log_density_expr": -((sp.Symbol("x") - MU) ** 2) / 2 - sp.log(2 * sp.pi) / 2,
            "x": sp.Symbol("x"),
            "params": MU,
            "support": Kind((-sp.oo, sp.oo), lambda _: {"word": "x", "turned": (1, 0), "three": (0, 1, 2)}),
        }
    ),
    "symbolic.information_about": Call({"family": ZERO_MEAN, "function": lambda s: s**2, "chart": word("std")}),
    "symbolic.kl": Call({"family": ZERO_MEAN, "chart": word("std")}),
    "symbolic.kl_hessian": Call({"family": ZERO_MEAN, "chart": word("std")}),
    "symbolic.latex": Call({"expr": MU}),
    "symbolic.score": Call({"family": ZERO_MEAN, "chart": word("std")}),
    "symbolic.steepest_step": Call({"d": count(1)}),
    "symbolic.tidy": Call({"expr": MU}),
    "symbolic.transformation_laws": Call({"d": count(1)}),
    "symbolic.verdict": Call({"family": ZERO_MEAN, "chart": word("std")}),
    "symbolic.verify": Call({"family": ZERO_MEAN, "chart": word("std")}),
    # geometry
    "geometry.angle": Call({"F": matrix(F), "u": vector(G), "v": vector([1.0, 0.0])}, {"u": "u|F"}),
    "geometry.check_jacobian": Call(
        {"J": matrix(S), "h": lambda t: np.asarray(S) @ t, "theta": vector(POINT), "tolerance": positive(1e-5)}
    ),
    "geometry.christoffel": Call(at_point()),
    "geometry.cramer_rao": Call(at_point(n=count(3))),
    "geometry.curvature": Call(at_point(plane=matrix(np.eye(2)))),
    "geometry.distance": Call(
        {"family": NORMAL, "theta0": coordinates(POINT), "theta1": coordinates(OTHER), "chart": word("mean-std")}
    ),
    "geometry.ellipse": Call({"F": matrix(F), "theta": vector(POINT), "c": positive(0.1), "points": count(5, 2)}),
    "geometry.geodesic": Call(at_point(velocity=vector([0.1, 0.1]), time=positive(0.5), points=count(2, 2))),
    "geometry.jeffreys": Call(at_point()),
    "geometry.kl_ball": Call(at_point(c=positive(0.01), direction=word("old-new"), points=count(4, 2))),
    "geometry.law_defects": Call(
        {
            "F_theta": matrix(np.asarray(S).T @ np.asarray(F) @ np.asarray(S)),
            "g_theta": vector(np.asarray(S).T @ np.asarray(G)),
            "F_phi": matrix(F),
            "g_phi": vector(G),
            "J": matrix(S),
        }
    ),
    "geometry.length": Call(
        {"family": NORMAL, "path": matrix([POINT, OTHER]), "chart": word("mean-std")}, excused=("path: longer",)
    ),
    "geometry.norm": Call({"F": matrix(F), "v": vector(G)}, {"v": "v|F"}),
    "geometry.random_map": Call({"rng": rng(), "theta": vector(POINT)}, excused=("theta: longer",)),
    "geometry.straight_line": Call(
        {
            "family": NORMAL,
            "start": coordinates(POINT),
            "end": coordinates(OTHER),
            "chart": word("natural"),
            "points": count(3, 2),
        },
        {"start": "theta", "end": "theta"},
    ),
    "geometry.straight_lines": Call(
        {"normal": NORMAL, "start": coordinates(POINT), "end": coordinates(OTHER), "points": count(3, 2)},
        {"start": "theta0|theta", "end": "theta1|theta"},
    ),
    "geometry.transform_gradient": Call({"g": vector(G), "J": matrix(S)}),
    "geometry.transform_metric": Call({"F": matrix(F), "J": matrix(S)}),
    "geometry.transform_vector": Call({"v": vector(G), "J": matrix(S)}),
    # linear
    "linear.cg": Call(
        {
            "matvec": jnp.asarray(F).__matmul__,
            "b": tree(jnp.asarray(G)),
            "damping": Kind(0.1, lambda _: {"negative": -1.0, "nan": np.nan, "list": [1.0, 2.0]}),
            "max_steps": count(3),
            "tol": Kind(1e-4, lambda _: {"negative": -1.0, "nan": np.nan}),
        },
        {"b": "v"},
    ),
    "linear.damped": Call(
        {"matvec": jnp.asarray(F).__matmul__, "damping": Kind(0.1, lambda _: {"negative": -1.0, "nan": np.nan})}
    ),
    "linear.kron_product": Call(
        {
            "A": Kind(jnp.eye(2), shapes := lambda v: {"longer": jnp.concatenate([v, v])}),
            "G": Kind(jnp.eye(3), shapes),
            "kernel": Kind(jnp.ones((2, 3)), shapes),
        }
    ),
    "linear.kron_solve": Call(
        {
            "A": Kind(jnp.eye(2), shapes),
            "G": Kind(jnp.eye(3), shapes),
            "kernel": Kind(jnp.ones((2, 3)), shapes),
            "damping": Kind(0.1, lambda _: {"negative": -1.0, "nan": np.nan}),
        }
    ),
    "linear.kron_solve_factored": Call(
        {
            "A": Kind(jnp.eye(2), shapes),
            "G": Kind(jnp.eye(3), shapes),
            "kernel": Kind(jnp.ones((2, 3)), shapes),
            "damping": Kind(0.1, lambda _: {"negative": -1.0, "nan": np.nan}),
        }
    ),
    "linear.sample_space": Call(
        {
            "rows": jnp.ones((3, 2)),
            "b": tree(jnp.asarray(G)),
            "damping": Kind(0.1, lambda _: {"negative": -1.0, "nan": np.nan}),
        }
    ),
    "linear.unvec": Call({"v": jnp.ones(6), "shape": Kind((2, 3), lambda _: {"larger": (4, 3)})}),
    "linear.vec": Call({"M": Kind(jnp.ones((2, 3)), lambda v: {"a vector": v[0], "deeper": v[None]})}),
    # products
    "products.check_operator": Call(
        {"op": jnp.asarray(F).__matmul__, "like": jnp.ones(2), "key": KEY, "tol": positive(1e-4)}
    ),
    "products.dense": Call(
        {"op": jnp.asarray(F).__matmul__, "like": Kind(jnp.ones(2), lambda v: {"whole": v.astype(int)})}
    ),
    "products.diagonal": Call(on_batch(chunk=count(2))),
    "products.empirical_fisher_vector_product": Call(on_labels(head=word("categorical"))),
    "products.expected_hessian": Call(
        {"model": model, "params": tree(PARAMS), "inputs": spoilt(X)}, {"inputs": "batch"}
    ),
    "products.fisher_rows": Call(on_batch()),
    "products.fisher_vector_product": Call(
        on_batch(
            weights=Kind(jnp.ones(3), lambda v: {"negative": -v, "longer": jnp.ones(4), "nan": v.at[0].set(jnp.nan)})
        )
    ),
    "products.ggn_vector_product": Call(on_labels(loss=word("categorical")), {"loss": "head"}),
    "products.gradient_moments": Call(on_labels(head=word("categorical"))),
    "products.hessian_vector_product": Call(on_labels(loss=word("categorical")), {"loss": "head"}),
    "products.kl_hessian_vector_product": Call(on_batch()),
    "products.normal_population": Call({"dimension": count(1), "nodes": count(3)}),
    "products.policy_estimates": Call(
        {
            "model": model,
            "params": tree(PARAMS),
            "states": spoilt(X),
            "labels": Kind(LABELS, lambda v: {"beyond": v + 5}),
            "key": KEY,
        },
        {"states": "batch"},
    ),
    "products.sampled_fisher_vector_product": Call(on_batch(key=KEY, samples=count(2))),
    "products.side_by_side": Call(on_labels(head=word("categorical"), key=KEY, samples=count(2))),
    # kfac
    "kfac.dense": Call({"params": LAYERS, "name": word("out"), "a": X}),
    "kfac.factors": Call({"model": layered, "params": tree(LAYERS), "batch": spoilt(X), "head": word("unit-normal")}),
    "kfac.patches": Call(
        {
            "image": Kind(jnp.ones((4, 4, 1)), lambda v: {"flat": v[..., 0]}),
            "window": Kind((2, 2), lambda _: {"larger": (5, 5), "empty": (0, 2)}),
        }
    ),
    "kfac.product": Call({"factors": factors(), "v": Kind(LAYERS, lambda v: {"other layers": {"in": v["out"]}})}),
    "kfac.signals": Call({"model": layered, "params": tree(LAYERS), "batch": spoilt(X), "head": word("unit-normal")}),
    "kfac.solve": Call(
        {
            "factors": factors(),
            "gradient": tree(LAYERS),
            "damping": Kind(0.1, lambda _: {"negative": -1.0, "nan": np.nan}),
            "method": word("exact"),
        },
        {"gradient": "kernel"},
    ),
    "kfac.step": Call(
        {
            "params": LAYERS,
            "gradient": tree(LAYERS),
            "factors": factors(),
            "learning_rate": positive(0.1),
            "damping": Kind(0.1, lambda _: {"negative": -1.0, "nan": np.nan}),
        }
    ),
    # descent
    "descent.budget_step": Call({"F": matrix(F), "g": vector(G), "c": positive(0.01)}),
    "descent.chart_defects": Call({"family": NORMAL, "chart": word("natural"), "objective": objective}),
    "descent.chart_setting": Call({"family": NORMAL, "objective": objective, "chart": word("mean-std")}),
    "descent.chart_views": Call({"family": NORMAL, "theta": coordinates(POINT), "objective": objective}),
    "descent.expected_log_likelihood": Call(
        {"family": NORMAL, "target": coordinates(POINT), "chart": word("mean-std")}, {"target": "theta"}
    ),
    "descent.flow": Call(
        {
            "kind": word("natural"),
            "family": NORMAL,
            "theta": coordinates(POINT),
            "objective": objective,
            "time": positive(0.1),
            "chart": word("mean-std"),
            "points": count(3, 2),
        }
    ),
    "descent.kl_proximal_linearised": Call(
        {"setting": descent.chart_setting(NORMAL, objective), "theta": vector(POINT), "alpha": positive(0.1)}
    ),
    "descent.mean_log_likelihood": Call({"family": NORMAL, "data": data(DATA)}),
    "descent.method": Call({"name": word("natural-euler")}),
    "descent.natural_gradient": Call({"F": matrix(F), "g": vector(G), "singular": word("raise")}),
    "descent.natural_gradient_step": Call(
        {
            "params": tree(jnp.asarray(POINT)),
            "gradient": tree(jnp.asarray(G)),
            "fisher": jnp.asarray(F).__matmul__,
            "learning_rate": positive(0.1),
            "max_steps": count(3),
        },
        {"params": "gradient"},
        excused=("params: nan",),
    ),
    "descent.optax_natural_gradient": Call({"learning_rate": positive(0.1), "model": model, "head": "categorical"}),
    "descent.pull_back": Call(
        {
            "setting": descent.chart_setting(NORMAL, objective),
            "name": "itself",
            "h": lambda phi, constants: phi,
            "encode": lambda theta: theta,
        }
    ),
    "descent.run": Call(
        at_point(name=word("natural-euler"), objective=objective, alpha=positive(0.1), steps=count(1, 0))
    ),
    "descent.solve_traced": Call({"F": jnp.asarray(F), "g": jnp.asarray(G), "singular": word("raise")}),
    "descent.spent": Call(
        {
            "family": NORMAL,
            "theta": coordinates(POINT),
            "gradient": vector(G),
            "budgets": Kind([0.01], lambda _: {"negative": [-0.1], "nan": [np.nan], "word": "x"}),
            "chart": word("mean-std"),
        },
        {"gradient": "g", "budgets": "c"},
    ),
    "descent.spreads": Call(
        {
            "name": word("gradient"),
            "family": NORMAL,
            "start": coordinates(POINT),
            "objective": objective,
            "rates": Kind([0.1], lambda _: {"negative": [-0.1], "nan": [np.nan]}),
            "charts": ("mean-std",),
        },
        {"start": "theta", "rates": "alpha"},
    ),
    "descent.step": Call(at_point(name=word("natural-euler"), objective=objective, alpha=positive(0.1))),
    # invariance
    "invariance.affine": Call(
        {"name": "turned", "title": "turned", "A": matrix(S), "b": Kind([0.1, 0.2], lambda v: {"nan": [0.1, np.nan]})}
    ),
    "invariance.chart_setting": Call({"family": NORMAL, "objective": objective, "chart": word("mean-std")}),
    "invariance.pull_back": Call(
        {
            "setting": descent.chart_setting(NORMAL, objective),
            "name": "itself",
            "h": lambda phi, constants: phi,
            "encode": lambda theta: theta,
        }
    ),
    "invariance.defect": Call(
        {
            "method": word("natural-euler"),
            "family": NORMAL,
            "chart_a": word("mean-std"),
            "chart_b": word("mean-variance"),
            "theta": coordinates(POINT),
            "objective": objective,
            "step": positive(0.05),
            "repeat": count(1),
        },
        {"chart_a": "chart", "chart_b": "chart", "method": "name|method", "step": "step|alpha"},
    ),
    "invariance.flow_gap": Call(at_point(name=word("natural-euler"), objective=objective, alpha=positive(0.05))),
    "invariance.gap": Call(
        {"rule": word("natural-euler"), **in_two_settings(), "alpha": positive(0.05), "repeat": count(1)},
        {"rule": "method", "theta_a": "starts", "theta_b": "starts"},
    ),
    "invariance.matrix": Call(
        {
            "methods": Kind(("gradient",), lambda _: {"unknown": ("no such word",)}),
            "reparameterizations": Kind(("affine",), lambda _: {"unknown": ("no such word",)}),
        },
        {"methods": "method", "reparameterizations": "change of coordinates"},
    ),
    "invariance.measure": Call(
        {"rule": word("natural-euler"), **in_two_settings(), "repeat": count(1)},
        {"rule": "method", "theta_a": "starts", "theta_b": "starts"},
    ),
    "invariance.network_problem": Call(),
    "invariance.normal_problem": Call(),
    "invariance.not_defined": Call({"reason": "none"}),
    "invariance.order": Call(
        {
            "method": word("natural-euler"),
            "family": NORMAL,
            "chart_a": word("mean-std"),
            "chart_b": word("mean-variance"),
            "theta": coordinates(POINT),
            "objective": objective,
            "repeat": count(1),
        },
        {"chart_a": "chart", "chart_b": "chart"},
    ),
    "invariance.smooth": Call({"name": "bent", "title": "bent", "A": matrix(S), "shears": vector([0.4, 0.3])}),
    # quadrature
    "quadrature.integrate": Call({"values": np.ones(3), "nodes": None}),
    "quadrature.rule": Call({"log_density": lambda x: -(x**2) / 2, "support": None}),
    # notebook
    "notebook.chapter": Call({"n": count(1, 0)}),
    "notebook.number": Call({"value": 1.0, "digits": count(4)}),
    "notebook.say": Call({"label": "a"}),
    "notebook.show": Call({"left": "a", "right": MU}),
    "notebook.table": Call({"columns": ["a"], "rows": [[1.0]]}),
    # environments
    "rl.envs.advance": Call({"env": None, "actors": None, "actions": None, "fresh": None}),
    "rl.envs.begin": Call({"env": None, "key": KEY}),
    "rl.envs.evaluate": Call({"env_id": None, "policy": None, "state": None, "episodes": count(2)}),
    "rl.envs.gymnasium": Call({"env_id": "CartPole-v1", "num_envs": count(2)}),
    "rl.envs.make": Call({"name": word("CartPole-v1"), "num_envs": count(2)}, {"name": "environment"}),
    # decision processes
    "rl.mdp.ascent_steps": Call(
        {"mdp": LADDER, "policy": CLIMBER, "theta": vector([0.3]), "gamma": Kind(0.9, discounts), "c": positive(0.01)}
    ),
    "rl.mdp.asymmetry": Call(
        {"field": lambda v: v, "theta": vector(POINT), "step": positive(1e-5)}, excused=("theta: longer",)
    ),
    "rl.mdp.compatible_weights": Call(in_process(target=word("Q"))),
    "rl.mdp.differentiated_return": Call(in_process()),
    "rl.mdp.differentiated_hessian": Call(in_process()),
    "rl.mdp.estimator_variance": Call(in_process(weight=word("Q"))),
    "rl.mdp.evaluate": Call({"mdp": PROCESS, "pi": matrix(PI), "gamma": Kind(0.9, discounts)}, {"pi": "policy"}),
    "rl.mdp.expected_return": Call(in_process()),
    "rl.mdp.far_along": Call(
        {"policy": TABULAR, "theta": vector(LOGITS), "direction": vector(LOGITS), "length": positive(10.0)}
    ),
    "rl.mdp.greedy": Call({"values": matrix(PI)}, excused=("values: infinity", "values: longer")),
    "rl.mdp.joint_fisher": Call(in_process()),
    "rl.mdp.ladder": Call(),
    "rl.mdp.log_linear": Call(
        {"features": Kind(np.ones((2, 3, 1)), array_replacements)}, excused=("features: longer",)
    ),
    "rl.mdp.natural_policy_gradient": Call(in_process(singular=word("minimum-norm"))),
    "rl.mdp.optimal_values": Call({"mdp": PROCESS, "gamma": Kind(0.9, discounts)}),
    "rl.mdp.path_fisher": Call({"mdp": PROCESS, "policy": TABULAR, "theta": vector(LOGITS), "T": count(2)}),
    "rl.mdp.policy_fisher": Call({"policy": TABULAR, "theta": vector(LOGITS), "rho": vector([0.5, 0.5])}),
    "rl.mdp.policy_gradient": Call(in_process()),
    "rl.mdp.probabilities": Call({"policy": TABULAR, "theta": vector(LOGITS)}, {"theta": "logits"}),
    "rl.mdp.random_mdp": Call({"rng": rng(), "states": count(2), "actions": count(3)}),
    "rl.mdp.return_hessian": Call(in_process()),
    "rl.mdp.scores": Call({"policy": TABULAR, "theta": vector(LOGITS)}, {"theta": "logits"}),
    "rl.mdp.soft_step": Call(
        {"mdp": PROCESS, "pi": matrix(PI), "gamma": Kind(0.9, discounts), "alpha": positive(0.1)}, {"pi": "policy"}
    ),
    "rl.mdp.state_fishers": Call({"policy": TABULAR, "theta": vector(LOGITS)}, {"theta": "logits"}),
    "rl.mdp.state_marginals": Call(
        {"mdp": PROCESS, "pi": matrix(PI), "T": count(2), "start": vector([0.5, 0.5])}, {"pi": "policy"}
    ),
    "rl.mdp.state_score": Call(in_process()),
    "rl.mdp.stationary_distribution": Call({"mdp": PROCESS, "pi": matrix(PI)}, {"pi": "policy"}),
    "rl.mdp.tabular": Call({"states": count(2), "actions": count(3)}),
    "rl.mdp.trajectory_fisher": Call({"mdp": PROCESS, "policy": TABULAR, "theta": vector(LOGITS), "T": count(2)}),
    "rl.mdp.without_discount": Call(
        {"mdp": PROCESS, "policy": TABULAR, "theta": vector(LOGITS), "gamma": Kind(0.9, discounts)}
    ),
}


def test_every_public_function_has_an_entry():
    assert not set(asking.functions(PACKAGES)) ^ set(CALLS)


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if asking.replacements(call)])
def test_what_is_wrong_is_refused_by_name(name):
    asking.assert_refused_by_name(name, CALLS[name], UNKNOWN.get(name, ()))


# what writes a file; what says "none" by nan (residuals not reached, slopes of what is exact); what returns a key
ASIDE = ("experiments.write", "linear.cg", "descent.natural_gradient_step", "notebook.chapter")
ASIDE += ("invariance.measure", "invariance.not_defined", "invariance.order")
ANSWERABLE = [n for n, call in CALLS.items() if n not in ASIDE and not any(v is None for v in call.arguments.values())]


@pytest.mark.skipif(
    asking.COUNT < 20, reason="right calls have tests of their own; these show that the table is right: make fuzz"
)
@pytest.mark.parametrize("name", ANSWERABLE)
def test_what_is_right_is_answered(name):
    asking.assert_answered(name, CALLS[name])
