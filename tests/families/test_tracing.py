"""Formulas under jit, vmap and grad: finite derivatives, the caller's precision, no global switch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import families

EXAMPLES = families.examples()
CHARTS = [pytest.param(family, chart, id=f"{family.name}-{chart}") for family in EXAMPLES for chart in family.charts]


@pytest.mark.parametrize(("family", "chart"), CHARTS)
def test_jit_vmap_grad_in_the_precision_of_the_caller(family, chart):
    theta = family.points_in(chart)[0]
    x = np.asarray(family.sample(theta, 4, np.random.default_rng(0), chart=chart))
    expected = family.log_density(x, theta, chart=chart)

    @jax.jit
    def all_of_it(theta, x):
        each = jax.vmap(lambda x: family.log_density(x, theta, chart=chart))(x)
        scores = jax.vmap(lambda x: jax.grad(lambda t: family.log_density(x, t, chart=chart))(theta))(x)
        value = family.kl(theta, theta * 1.01, chart=chart)
        fisher = None if "all" in family.irregular else family.fisher(theta, chart=chart)
        return each, scores, value, fisher

    x32 = jnp.asarray(x) if x.dtype.kind == "i" else jnp.asarray(x, jnp.float32)
    each, scores, value, fisher = all_of_it(jnp.asarray(theta, jnp.float32), x32)
    assert each.dtype == scores.dtype == value.dtype == jnp.float32
    assert fisher is None or fisher.dtype == jnp.float32
    assert scores.shape == (4, len(theta))
    assert np.isfinite(np.asarray(scores)).all()
    # 32 bits: 1e-7 times terms ten or a hundred times the result
    assert np.asarray(each) == pytest.approx(expected, rel=2e-4, abs=2e-4)
    if fisher is not None:
        F = family.fisher(theta, chart=chart)
        assert np.asarray(fisher) == pytest.approx(F, rel=2e-3, abs=2e-4 * np.abs(F).max())
    assert jnp.zeros(1).dtype == jnp.float32  # nothing switched 64 bits on


@pytest.mark.parametrize("family", EXAMPLES, ids=lambda f: f.name)
def test_numpy_computes_in_64_bits(family):
    theta = np.array(family.points[0], dtype=np.float32)
    x = np.asarray(family.sample(theta, 3, np.random.default_rng(0)))
    x = x if x.dtype.kind == "i" else x.astype(np.float32)
    value = family.log_density(x, theta)
    assert value.dtype == np.float64
    assert value == pytest.approx(family.log_density(x.astype(np.float64), theta.astype(np.float64)), rel=1e-15)


# the corners where a formula that is right gives a derivative that is not a number
CORNERS = [
    ("bernoulli", "logit", [90.0], [0.0, 1.0]),
    ("binomial", "logit", [-200.0], [0.0, 7.0]),
    ("categorical", "minimal-logits", [300.0, -300.0], [0.0, 1.0, 2.0]),
    ("cauchy", "location-scale", [0.0, 1.0], [1e30, -1e100]),
    ("gumbel", "location-scale", [0.0, 1.0], [-6.0, 700.0]),
    ("logistic", "location-scale", [0.0, 1.0], [-800.0, 0.0, 800.0]),
    ("student-t", "location-scale", [0.0, 1.0], [0.0, 1e30]),
    ("von-mises", "direction-concentration", [0.0, 900.0], [0.0, 3.0]),
    ("weibull", "shape-scale", [1.5, 1.0], [1e-200, 1e3]),
    ("normal", "natural", [0.0, -0.5], [1e5]),
    ("laplace", "location-scale", [0.5, 1.0], [0.5]),
    ("poisson", "log-rate", [-30.0], [0.0, 5.0]),
    ("beta", "alpha-beta", [0.5, 0.5], [1e-300, 0.5]),
]


@pytest.mark.parametrize(("name", "chart", "theta", "observations"), CORNERS)
def test_derivatives_are_numbers_in_the_corners(name, chart, theta, observations):
    family = next(f for f in EXAMPLES if f.name == name)
    with jax.enable_x64(True):

        @jax.jit
        def value_slope_curvature(theta, x):
            def log_density(theta):
                return family.log_density(x, theta, chart=chart)

            return (*jax.value_and_grad(log_density)(theta), jax.hessian(log_density)(theta))

        for x in observations:
            for part in value_slope_curvature(jnp.array(theta), jnp.array(x)):
                assert np.isfinite(np.asarray(part)).all(), (name, x)


def test_concrete_values_are_checked_and_traced_ones_are_not():
    family = families.get("normal")
    with pytest.raises(ValueError, match="sigma must be > 0"):
        family.fisher(jnp.array([0.0, -1.0]))
    traced = jax.jit(family.fisher)(jnp.array([0.0, -1.0]))
    assert traced.shape == (2, 2)


def test_points_batch_under_vmap():
    family = families.get("gamma")
    batch = jnp.array([[2.3, 1.4], [0.6, 3.0]])
    together = jax.vmap(family.fisher)(batch)
    for row, F in zip(batch, together):
        assert np.asarray(F) == pytest.approx(family.fisher(np.asarray(row, dtype=np.float64)), rel=1e-5)
