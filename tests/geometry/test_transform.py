"""The three laws of change: on every family and chart, for random maps, and in symbols."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from ngtools import descent, families, geometry

CHARTS = [
    pytest.param(family, chart.name, id=f"{family.name}-{chart.name}")
    for family in families.examples()
    for chart in family.chart_records[1:]
    if "all" not in family.irregular and chart.dimension == family.dimension()
]
PLANE = st.tuples(*[st.floats(-1.5, 1.5)] * 2).map(np.array)
SHEARS = st.tuples(*[st.floats(-0.9, 0.9)] * 3)
FIELD = jax.jit(jax.jacfwd(lambda theta, s: warp(theta, s)))


def warp(theta, s):
    # three shears and an exponential: a diffeomorphism of the plane into it, whatever s
    u = theta[0] + s[0] * jnp.sin(theta[1])
    v = theta[1] + s[1] * jnp.tanh(u)
    return jnp.stack([u + s[2] * v**2, jnp.exp(v)])


def metric_from(A):
    return A @ A.T + 0.3 * np.eye(2)


@given(PLANE, SHEARS, st.lists(st.floats(-2, 2), min_size=6, max_size=6))
@settings(max_examples=60, deadline=None)
def test_tensor_laws_under_random_diffeomorphisms(theta, s, numbers):
    with jax.enable_x64(True):
        J = np.asarray(FIELD(theta, np.array(s)))
    F, g = metric_from(np.array(numbers[:4]).reshape(2, 2)), np.array(numbers[4:]) + np.array([0.5, -0.25])
    F_phi, g_phi = geometry.transform_metric(F, J), geometry.transform_gradient(g, J)
    assert J.T @ F_phi @ J == pytest.approx(F, rel=1e-11, abs=1e-12)
    # the natural gradient is a vector
    natural = descent.natural_gradient(F, g)
    pushed = geometry.transform_vector(natural, J)
    scale = np.abs(pushed).max()
    assert descent.natural_gradient((F_phi + F_phi.T) / 2, g_phi) == pytest.approx(pushed, rel=1e-9, abs=1e-9 * scale)
    # its squared length has no coordinates; neither has the pairing of a gradient with a vector
    assert g_phi @ pushed == pytest.approx(g @ natural, rel=1e-10)
    # the volume of the metric
    det = abs(np.linalg.det(J))
    assert np.sqrt(np.linalg.det(F)) == pytest.approx(det * np.sqrt(np.linalg.det(F_phi)), rel=1e-10)


def test_the_gradient_is_no_vector():
    J, g = np.array([[2.0, 0.3], [0.0, 0.5]]), np.array([1.0, -1.0])
    assert np.abs(geometry.transform_vector(g, J) - geometry.transform_gradient(g, J)).max() > 0.1


@pytest.mark.parametrize(("family", "chart"), CHARTS)
def test_every_chart_of_every_family(family, chart):
    for theta in family.points:
        J = family.jacobian(theta, to=chart)
        phi = family.convert(theta, to=chart)
        geometry.check_jacobian(J, lambda t: family.convert(t, to=chart), theta)
        # two products with J round, and J may stretch by orders of magnitude
        F = family.fisher(theta)
        assert family.fisher(phi, chart=chart) == pytest.approx(
            geometry.transform_metric(F, J), rel=1e-8, abs=1e-9 * np.abs(geometry.transform_metric(F, J)).max()
        )
        assert geometry.jeffreys(family, theta) == pytest.approx(
            abs(np.linalg.det(J)) * geometry.jeffreys(family, phi, chart=chart), rel=1e-8
        )


def test_symbols():
    a, b, c, d, g1, g2, p, q, r = sp.symbols("a b c d g1 g2 p q r")
    J, g, F = sp.Matrix([[a, b], [c, d]]), sp.Matrix([g1, g2]), sp.Matrix([[p, q], [q, r]])
    natural = geometry.transform_metric(F, J).inv() * geometry.transform_gradient(g, J)
    assert sp.simplify(natural - geometry.transform_vector(F.inv() * g, J)) == sp.zeros(2, 1)


def test_jax_is_traceable_and_keeps_its_kind():
    J, g = jnp.array([[2.0, 0.5], [0.1, 1.0]]), jnp.array([1.0, 2.0])
    inside = jax.jit(geometry.transform_gradient)(g, J)
    assert isinstance(geometry.transform_gradient(g, J), jax.Array)
    # float32: a solve of condition 3
    assert np.asarray(inside) == pytest.approx(np.linalg.solve(np.asarray(J).T, np.asarray(g)), rel=1e-5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: geometry.transform_gradient([1.0, 2.0], [[2.0]]), r"g has shape \(2,\), J has shape \(1, 1\)"),
        (lambda: geometry.transform_gradient([[1.0], [2.0]], np.eye(2)), r"g has shape \(2, 1\)"),
        (lambda: geometry.transform_metric(np.eye(3), np.eye(2)), r"F has shape \(3, 3\)"),
        (lambda: geometry.transform_vector([1.0], [[1.0], [2.0]]), r"must be \(d, d\)"),
        (lambda: geometry.transform_vector([1.0, np.nan], np.eye(2)), "v contains nan at index 1"),
        (lambda: geometry.transform_metric(np.eye(2), [[1.0, 0.0], [0.0, np.inf]]), "J contains inf"),
        (lambda: geometry.transform_gradient([1.0], [[0.0]]), r"singular \(det = 0\).*not a valid reparameterisation"),
        (lambda: geometry.transform_vector([1.0, 1.0], [[1.0, 2.0], [2.0, 4.0]]), "singular"),
        (lambda: geometry.transform_gradient(sp.Matrix([1]), sp.Matrix([[0]])), "singular"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_units_are_not_singularity():
    assert geometry.transform_vector([1.0, 1.0], np.diag([1e-9, 1e9])).tolist() == [1e-9, 1e9]


def test_jacobian_of_the_wrong_direction_is_recognised():
    with pytest.raises(ValueError, match=r"relative error .*its inverse does.*J = d phi / d theta"):
        geometry.check_jacobian([[1 / 6]], lambda t: t**2, [3.0])
    with pytest.raises(ValueError, match="relative error 0.0333"):
        geometry.check_jacobian([[5.8]], lambda t: t**2, [3.0])


def test_the_laws_by_hand():
    J, g, F = [[2.0, 1.0], [0.0, 4.0]], [2.0, 9.0], [[4.0, 2.0], [2.0, 17.0]]
    assert geometry.transform_gradient(g, J).tolist() == [1.0, 2.0]  # J^T (1, 2) = (2, 9)
    assert geometry.transform_metric(F, J) == pytest.approx(np.eye(2), abs=1e-15)  # F = J^T J
    assert geometry.transform_vector([1.0, -1.0], J).tolist() == [1.0, -4.0]
    S, v = sp.Matrix([[2, 1], [0, 4]]), sp.Matrix([2, 9])
    assert geometry.transform_gradient(v, S) == sp.Matrix([1, 2])
    assert geometry.transform_metric(S.T * S, S) == sp.eye(2)
    assert geometry.transform_vector(v, S) == sp.Matrix([13, 36])


def test_kinds_of_numbers():
    assert geometry.transform_vector([1, 2], [[1, 0], [0, 3]]).dtype == np.float64
    single = geometry.transform_vector(np.ones(2, np.float32), np.eye(2, dtype=np.float32))
    assert single.dtype == np.float32
    assert geometry.transform_vector(jnp.array([1, 2]), jnp.eye(2)).dtype == jnp.float32
    # one of the two may be traced
    J, g = jnp.array([[2.0, 0.0], [0.0, 4.0]]), jnp.array([2.0, 4.0])
    assert jax.jit(lambda g: geometry.transform_gradient(g, J))(g).tolist() == [1, 1]
    assert jax.jit(lambda J: geometry.transform_gradient(g, J))(J).tolist() == [1, 1]
    for bad in ([1j, 0.0], ["a", "b"], [True, False]):
        with pytest.raises(TypeError, match="v must hold real numbers"):
            geometry.transform_vector(bad, np.eye(2))
    with pytest.raises(TypeError, match="J must hold real numbers"):
        geometry.transform_vector([1.0, 2.0], np.eye(2) * 1j)
    with pytest.raises(TypeError, match="v must hold real numbers"):
        geometry.transform_vector(jnp.array([1j, 0.0]), np.eye(2))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: geometry.transform_gradient([1.0], np.eye(2)[:, :1]), r"J has shape \(2, 1\); .*no broadcasting"),
        (lambda: geometry.transform_gradient([1.0, 2.0], np.ones((2, 3))), r"J has shape \(2, 3\)"),
        (lambda: geometry.transform_gradient([1.0, 2.0], np.ones((2, 2, 2))), r"J has shape \(2, 2, 2\)"),
        (lambda: geometry.transform_metric([1.0, 2.0], np.eye(2)), r"F has shape \(2,\)"),
        (lambda: geometry.transform_metric([[np.nan, np.inf], [0.0, 0.0]], np.eye(2)), r"F contains nan at index \(0, 0\)"),
        (lambda: geometry.transform_vector([1.0, 1.0], [[1.0, 0.0], [0.0, np.inf]]), r"J contains inf at index \(1, 1\)"),
        (lambda: geometry.transform_vector([1.0, 1.0], [[2.0, 0.0], [1.0, 0.0]]), r"singular \(det = 0\).*pull the metric"),
        (lambda: geometry.transform_vector([1.0, 1.0], np.zeros((2, 2))), "singular"),
        (lambda: geometry.transform_vector(sp.Matrix([1, 1]), sp.ones(2, 3)), r"v has shape \(2, 1\), J has shape \(2, 3\)"),
        (lambda: geometry.transform_vector(sp.Matrix([1]), sp.eye(2)), r"v has shape \(1, 1\)"),
        (lambda: geometry.transform_metric(sp.ones(2, 1), sp.eye(2)), r"F has shape \(2, 1\)"),
        (lambda: geometry.transform_metric(sp.eye(2), sp.ones(2, 2)), r"singular \(det = 0\)"),
    ],
)  # fmt: skip
def test_more_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("J", [[[1e-20, 2e-20], [3.0, 4.0]], [[1e-20, 3.0], [2e-20, 4.0]], np.diag([1e-200, 1e200])])
def test_neither_rows_nor_columns_have_a_unit(J):
    assert np.isfinite(geometry.transform_gradient([1.0, 1.0], J)).all()


@pytest.mark.parametrize(
    ("kind", "gap", "singular"),
    [(np.float64, 1e-12, False), (np.float64, 1e-15, True), (np.float32, 1e-3, False), (np.float32, 1e-6, True)],
)
def test_what_rounding_makes_of_a_singular_jacobian(kind, gap, singular):
    J = np.array([[1, 1], [1, 1 + gap]], dtype=kind)
    if singular:
        with pytest.raises(ValueError, match="singular"):
            geometry.transform_vector([1.0, 1.0], J)
    else:
        assert geometry.transform_vector([1.0, 1.0], J)[0] == 2


def bent(theta):
    """(a b, a + b^2), its Jacobian [[b, a], [1, 2 b]]"""
    return jnp.stack([theta[0] * theta[1], theta[0] + theta[1] ** 2])


def test_a_jacobian_is_checked_entry_by_entry():
    for theta in ([3.0, 0.7], [0.0, -2.0], [1e6, 1.0]):
        a, b = theta
        J = np.array([[b, a], [1.0, 2 * b]])
        geometry.check_jacobian(J, bent, theta)
        largest = np.abs(J).max()
        for place in np.ndindex(2, 2):
            wrong = J.copy()
            wrong[place] += 2e-5 * largest
            with pytest.raises(ValueError, match="relative error 2e-05; the convention"):
                geometry.check_jacobian(wrong, bent, theta)
            geometry.check_jacobian(wrong, bent, theta, tolerance=3e-5)
    with pytest.raises(ValueError, match="tolerance must be > 0"):
        geometry.check_jacobian(J, bent, theta, tolerance=0.0)
    # near zero the step is 1e-7: a curve of the size 1e-3 is still straight
    geometry.check_jacobian([[1e3]], lambda t: np.sin(t / 1e-3), [0.0])


def test_maps_that_cannot_be_checked():
    J = [[1.0, 0.0], [0.0, 1.0]]
    with pytest.raises(ValueError, match=r"h\(theta\) has shape \(1,\); J has 2 rows, so phi must have shape \(2,\)"):
        geometry.check_jacobian(J, lambda t: t[:1], [1.0, 2.0])
    with pytest.raises(ValueError, match=r"h is not finite at theta = \[-\S+e-07, 2\.0\] \(got \[nan, 2\.0\]\)"):
        geometry.check_jacobian(J, lambda t: np.array([np.sqrt(t[0]), t[1]]), [0.0, 2.0])
    with pytest.raises(TypeError, match="h returns float16"):
        geometry.check_jacobian(J, lambda t: t.astype(np.float16), [1.0, 2.0])
    with pytest.raises(ValueError, match=r"at theta = \[1\.0, 2\.0\].*\[\[0\.333333333, 0\.333333333\], \["):
        geometry.check_jacobian(J, lambda t: np.full(2, t.sum() / 3), [1.0, 2.0])
