"""Each wrong program of the gallery is caught: put in the place of the right one, it turns the named test red."""

import importlib
import importlib.util
import inspect
import pkgutil
from pathlib import Path

import jax
import numpy as np
import pytest

from ngtools import bugs, descent, families, kfac, linear, products
from ngtools.bugs import (
    clamped_deviation,
    damped_length,
    labels_as_samples,
    mean_loss_factors,
    swapped_divergence,
    unguarded_cg,
    variance_for_deviation,
)

ROOT = Path(__file__).resolve().parents[2]
# what the named test is called with, where it takes arguments
ARGUMENTS = {
    "length from the damped product": {"damping": 0.5},
    "k1 differentiated on its samples": {
        "name": "bernoulli",
        "constants": {},
        "chart": "probability",
        "theta": [0.7],
        "ref": [0.4],
        "tol": 1e-13,
    },
}


def named_test(bug):
    """The named test, from a fresh copy of its module: what it imports is looked up now."""
    file, name = bug.caught_by.split("::")
    spec = importlib.util.spec_from_file_location("caught_by", ROOT / file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def wrong(bug):
    module, name = bug.program.rsplit(".", 1)
    return getattr(importlib.import_module(f"ngtools.bugs.{module}"), name)


@pytest.mark.parametrize("bug", bugs.CATALOGUE, ids=lambda bug: bug.program.split(".")[0])
def test_the_named_test_catches_the_wrong_program(bug, monkeypatch):
    if bug.program == "variance_for_deviation.family":  # a wrong statement is an argument of its test
        right, off = {"family": families.get("zero-mean-normal")}, {"family": variance_for_deviation.family()}
        right["chart"] = off["chart"] = "std"
    else:
        right = off = ARGUMENTS.get(bug.name, {})
    with jax.enable_x64(True):
        named_test(bug)(**right)
        if right is off:
            monkeypatch.setattr(bug.replaces, wrong(bug))
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            named_test(bug)(**off)


@pytest.mark.parametrize("bug", bugs.CATALOGUE, ids=lambda bug: bug.program.split(".")[0])
def test_a_wrong_program_is_called_like_the_right_one(bug):
    """What has a default on both sides has the same one: there is one mistake, not two."""
    place, name = bug.replaces.rsplit(".", 1)
    right = inspect.signature(getattr(pkgutil.resolve_name(place), name)).parameters
    for name, found in inspect.signature(wrong(bug)).parameters.items():
        if name in right and inspect.Parameter.empty not in (found.default, right[name].default):
            assert (name, found.default) == (name, right[name].default)


def test_every_wrong_program_is_in_the_catalogue():
    folder = Path(bugs.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "catalogue"}
    assert files == {bug.program.split(".")[0] for bug in bugs.CATALOGUE}
    assert all((folder / f"{name}.py").read_text().startswith('"""WRONG: ') for name in files)


def test_the_page_names_every_bug_and_every_test():
    shown = str(bugs.listed())
    page = (ROOT / "book" / "reference" / "bug_gallery.ipynb").read_text(encoding="utf8")
    for bug in bugs.CATALOGUE:
        file, name = bug.caught_by.split("::")
        assert bug.name in shown
        assert bug.program.split(".")[0] in shown
        assert file in shown
        assert name in page
        assert bug.program.split(".")[0] in page


def test_labels_make_short_steps_and_then_long_ones():
    from ngtools.bugs.labels_as_samples import slopes

    assert slopes(False, steps=3, noise=0.1) == pytest.approx([0, 2, 2, 2], abs=1e-12)
    found = slopes(True, steps=7, noise=0.1)
    for before, after in zip(found, found[1:]):  # E[x^2 r^2] with residual r = (2 - w) x + e / 10
        assert after - before == pytest.approx((2 - before) / (3 * (2 - before) ** 2 + 0.01), rel=1e-9)


def test_only_k1_does_not_pull():
    from ngtools.bugs.differentiated_k1 import pulled

    family, theta, ref = families.get("categorical", K=3), [1.0, -1.0], [0.0, 0.5]
    ends = {n: pulled(n, family, theta, ref, 0.2, 60, 400, np.random.default_rng(1)) for n in ("k1", "k2", "k3")}
    assert ends["k1"][-1] > 0.7 * ends["k1"][0]  # 400 draws: the walk is a tenth of the way in 60 steps
    assert max(ends["k2"][-1], ends["k3"][-1]) < 0.05 * ends["k1"][0]


def test_one_step_of_the_penalty_by_hand():
    from ngtools.bugs.differentiated_k1 import pulled
    from ngtools.rl.kl_estimators import sample_gradients

    family, theta, ref = families.get("categorical", K=3), np.array([1.0, -1.0]), np.array([0.0, 0.5])
    found = pulled("k3", family, theta, ref, 0.3, 1, 50, np.random.default_rng(2))
    draws = family.sample(theta, 50, np.random.default_rng(2))
    after = theta - 0.3 * sample_gradients("k3", family, theta, ref, draws).sum(axis=0) / 50
    assert found == pytest.approx([family.kl(theta, ref), family.kl(after, ref)], rel=1e-12)


def test_unguarded_conjugate_gradients_are_right_until_they_converge():
    A, b = np.diag([1.0, 2.0, 3.0, 5.0]), np.array([1.0, -1.0, 2.0, 0.5])
    with jax.enable_x64(True):
        matvec = lambda v: jax.numpy.asarray(A) @ v  # noqa: E731
        found = unguarded_cg.cg(matvec, jax.numpy.asarray(b), damping=0.1, max_steps=3)
        right = linear.cg(matvec, b, damping=0.1, max_steps=3, tol=0.0)
        assert np.asarray(found.value) == pytest.approx(np.asarray(right.value), rel=1e-12)
        assert float(found.residual) == pytest.approx(float(right.residual), rel=1e-10)
        # it says that it has converged, whatever there is
        assert (int(found.steps), int(found.status), bool(found.converged)) == (3, 0, True)
        assert np.isnan(found.history).tolist() == [True] * 4


def test_factors_of_the_mean_loss_are_the_right_ones_but_for_n():
    rng = np.random.default_rng(0)
    params, X = {"out": {"kernel": rng.standard_normal((2, 3))}}, rng.standard_normal((4, 2))
    model = lambda params, x, dense=kfac.dense: dense(params, "out", x)  # noqa: E731
    with jax.enable_x64(True):
        right, found = (f(model, params, X, "categorical") for f in (kfac.factors, mean_loss_factors.factors))
    assert np.asarray(found.inputs["out"]) == pytest.approx(np.asarray(right.inputs["out"]), rel=1e-12)
    assert np.asarray(found.outputs["out"]) == pytest.approx(np.asarray(right.outputs["out"]) / 4, rel=1e-12)


def test_the_damped_length_meets_a_budget_that_is_not_the_one_asked_for():
    F, g, c = np.diag([1.0, 4.0]), np.array([1.0, 2.0]), 0.02
    with jax.enable_x64(True):
        found = damped_length.natural_gradient_step(
            np.ones(2), g, lambda v: jax.numpy.asarray(F) @ v, kl_budget=c, damping=0.5
        )
    delta = np.asarray(found.delta)
    assert delta @ (F + 0.5 * np.eye(2)) @ delta / 2 == pytest.approx(c, rel=1e-10)
    assert delta @ F @ delta / 2 < 0.9 * c
    x = g / (np.diag(F) + 0.5)
    assert delta / np.linalg.norm(delta) == pytest.approx(x / np.linalg.norm(x), rel=1e-10)
    assert np.asarray(found.params) == pytest.approx(1 + delta, rel=1e-12)
    assert float(found.predicted_kl) == c
    assert float(found.predicted_gain) == pytest.approx(g @ delta, rel=1e-12)
    with jax.enable_x64(True):
        plain = damped_length.natural_gradient_step(np.ones(2), g, lambda v: jax.numpy.asarray(F) @ v, kl_budget=c)
    delta = np.asarray(plain.delta)
    assert delta @ F @ delta / 2 == pytest.approx(c, rel=1e-10)  # without damping it is right


def test_a_clamped_run_by_hand():
    """Gradient steps of -log sigma - 1/(200 sigma^2): f' = -1/sigma + 1/(100 sigma^3), from 0.5, by 0.2."""
    zero = families.get("zero-mean-normal")
    f = descent.expected_log_likelihood(zero, [0.1])
    found = clamped_deviation.run("gradient", zero, [0.5], f, 0.2, 3)
    points = [0.5]
    for _ in range(3):
        s = points[-1]
        points.append(max(s + 0.2 * (-1 / s + 0.01 / s**3), 0.001))
    assert points[2] == 0.001  # the clamp is at work
    assert found.theta[:, 0] == pytest.approx(points, rel=1e-10)
    assert found.times == pytest.approx([0, 0.2, 0.4, 0.6])
    assert found.kl == pytest.approx([zero.kl([a], [b]) for a, b in zip(points, points[1:])], rel=1e-9)


def test_a_variance_stated_with_a_deviation():
    assert variance_for_deviation.family().fisher([3.0]) == pytest.approx(np.array([[1 / 18]]), rel=1e-14)


def test_the_swapped_divergence_is_right_for_counts_only():
    coin, normal = families.get("bernoulli"), families.get("normal")
    assert swapped_divergence.kl(coin, [0.3], [0.6]) == coin.kl([0.3], [0.6])
    assert swapped_divergence.kl(normal, [0.0, 1.0], [0.5, 2.0]) == normal.kl([0.5, 2.0], [0.0, 1.0])


def test_labels_pass_for_samples_where_nobody_asks():
    rng = np.random.default_rng(0)
    W, X, y, v = rng.standard_normal((2, 3)), rng.standard_normal((4, 2)), np.array([0, 1, 1, 2]), np.ones((2, 3))
    model = lambda W, x: x @ W  # noqa: E731
    wrong_one, right = labels_as_samples.sampled_fisher_vector_product, products.sampled_fisher_vector_product
    empirical = products.empirical_fisher_vector_product(model, W, (X, y), "categorical")(v)
    found = wrong_one(model, W, X, "categorical", observations=y)(v)
    np.testing.assert_array_equal(found, empirical)
    asked = {"observations": y, "behaviour": np.full(4, -np.log(3))}
    np.testing.assert_array_equal(
        wrong_one(model, W, X, "categorical", **asked)(v), right(model, W, X, "categorical", **asked)(v)
    )
    drawn = {"key": jax.random.key(0)}
    np.testing.assert_array_equal(
        wrong_one(model, W, X, "categorical", **drawn)(v), right(model, W, X, "categorical", **drawn)(v)
    )
