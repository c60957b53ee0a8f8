"""Bad input: raised before anything is computed, with the name, the value and the remedy."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from ngtools import families

BERNOULLI = families.get("bernoulli")
NORMAL = families.get("normal")


def raises(kind, *parts):
    """``pytest.raises`` for a message that holds all the parts, in this order."""
    import re

    return pytest.raises(kind, match="(?s)" + ".*".join(re.escape(part) for part in parts))


@pytest.mark.parametrize("p", [0.0, 1.0, -0.2, 1.5])
def test_probability_on_or_beyond_the_boundary(p):
    remedy = "Fisher information 1/(p(1-p)) is infinite at the boundary. Use logits if p can saturate."
    for call in (BERNOULLI.fisher, lambda theta: BERNOULLI.log_density(1, theta)):
        with raises(ValueError, "p must lie strictly inside (0, 1)", f"(got {p})", remedy):
            call([p])
    with raises(ValueError, "p must lie strictly inside (0, 1)", f"(got {p})", "Use logits"):
        families.get("binomial", n=3).fisher([p])


def test_probabilities_that_do_not_leave_room_for_the_last():
    family = families.get("categorical", K=3)
    with raises(ValueError, "first 2 outcomes sum to 1.1; they must sum to less than 1", "Use logits"):
        family.fisher([0.7, 0.4], chart="probabilities")
    with raises(ValueError, "sum to 1; they must sum to less than 1"):
        family.fisher([0.5, 0.5], chart="probabilities")
    with raises(ValueError, "theta must have shape (2,) for chart 'probabilities' (p1, p2), got (3,)"):
        family.fisher([0.2, 0.3, 0.4], chart="probabilities")


@pytest.mark.parametrize(
    ("name", "theta", "phrase"),
    [
        ("normal", [0.0, -0.3], "sigma must be > 0 (got -0.3)"),
        ("zero-mean-normal", [0.0], "sigma must be > 0 (got 0.0)"),
        ("poisson", [-1.0], "mu must be > 0 (got -1.0)"),
        ("exponential", [0.0], "b must be > 0 (got 0.0)"),
        ("gamma", [-2.0, 1.0], "k must be > 0 (got -2.0)"),
        ("weibull", [1.0, -1.0], "s must be > 0 (got -1.0)"),
        ("von-mises", [0.0, 0.0], "kappa must be > 0 (got 0.0)"),
    ],
)
def test_scales_rates_and_shapes_are_positive(name, theta, phrase):
    family = families.get(name)
    for call in (family.fisher, lambda t: family.sample(t, 2, np.random.default_rng(0)), lambda t: family.kl(t, t)):
        with raises(ValueError, phrase):
            call(theta)
    with raises(ValueError, phrase):  # a concrete JAX array is checked too
        family.fisher(jax.numpy.array(theta))


def test_joint_conditions_of_the_normal_charts():
    with raises(ValueError, "m2 = E x^2 must exceed m1^2", "m2 = 1 and m1^2 = 4"):
        NORMAL.fisher([2.0, 1.0], chart="expectation")
    with raises(ValueError, "eta2 must be < 0 (got 0.5); eta2 = -1/(2 sigma^2)"):
        NORMAL.fisher([0.0, 0.5], chart="natural")


def test_covariances():
    family = families.get("multivariate-normal", d=2)
    with raises(ValueError, "covariance must be positive definite (min eigenvalue -1"):
        family.fisher([1.0, 2.0, 1.0], chart="covariance")
    with raises(ValueError, "covariance must be positive definite (min eigenvalue 0"):  # correlation 1
        family.fisher([0.0, 0.0, 1.0, 1.0, 1.0], chart="mean-covariance")
    with raises(ValueError, "covariance must be symmetric (max asymmetry 0.2)"):
        families.get("multivariate-normal", d=2, covariance=[[1.0, 0.2], [0.0, 1.0]])
    with raises(ValueError, "covariance must be positive definite (min eigenvalue -1)"):
        families.get("multivariate-normal", d=2, covariance=[[1.0, 2.0], [2.0, 1.0]])
    with raises(ValueError, "covariance must be a 2 x 2 matrix"):
        families.get("multivariate-normal", d=2, covariance=[1.0, 2.0])
    with raises(ValueError, "mean must be 2 finite numbers"):
        families.get("multivariate-normal", d=2, mean=[1.0, np.nan])


@pytest.mark.parametrize("name", ["linear-regression", "logistic-regression", "poisson-regression"])
def test_designs(name):
    X = np.array([[1.0, 2.0, 3.0], [1.0, 0.5, 1.5], [1.0, -1.0, 0.0], [1.0, 4.0, 5.0]])  # third = first + second
    with raises(ValueError, "Fisher matrix is singular, rank 2 of 3; null direction", "minimum-norm step or damping"):
        families.get(name, X=X)
    family = families.get(name, X=X, allow_collinear=True)
    F = family.fisher([0.1, 0.2, -0.1])
    assert F @ np.array([1.0, 1.0, -1.0]) == pytest.approx(0, abs=1e-12)
    with raises(ValueError, "X must be a matrix, one row an observation (got shape (3,))"):
        families.get(name, X=[1.0, 2.0, 3.0])
    with raises(ValueError, "X contains nan at row 1, column 0"):
        families.get(name, X=[[1.0, 0.0], [np.nan, 1.0]])


def test_the_null_direction_named_is_one():
    with pytest.raises(ValueError) as caught:
        families.get("linear-regression", X=[[1.0, 2.0], [2.0, 4.0]])
    assert "null direction v = [0.8944, -0.4472]" in str(caught.value)


def test_integer_and_misshapen_parameters():
    with raises(TypeError, "theta must be floating point (got int64)"):
        NORMAL.fisher(np.array([0, 1]))
    with raises(TypeError, "theta must be floating point (got int32)"):
        NORMAL.fisher(jax.numpy.array([0, 1]))
    assert NORMAL.fisher([0, 1])[0, 0] == 1  # a list of Python numbers is unambiguous
    with raises(ValueError, "theta must have shape (2,) for chart 'mean-std' (mu, sigma), got (3,)"):
        NORMAL.fisher([0.0, 1.0, 2.0])
    with raises(ValueError, "theta must be a vector (got shape (2, 1))"):
        NORMAL.fisher(np.ones((2, 1)))
    with raises(ValueError, "theta contains nan at index 1"):
        NORMAL.fisher([0.0, np.nan])
    with raises(ValueError, "theta contains inf at index 0"):
        NORMAL.fisher([np.inf, 1.0])


@pytest.mark.parametrize("name", ["uniform", "pareto-minimum"])
def test_a_moving_support_has_no_fisher_matrix(name):
    family = families.get(name)
    with raises(
        ValueError, name, "support depends on theta: score does not have zero mean, Fisher information undefined"
    ):
        family.fisher(list(family.points[0]))
    assert set(family.irregular) == {"all"}


def test_the_laplace_location_names_the_kink():
    reason = families.get("laplace").irregular["by_curvature"]
    assert "not twice differentiable at x = mu" in reason
    assert "0 instead of 1/b^2" in reason


def test_kl_between_different_dimensions():
    family = families.get("categorical", K=3)
    with raises(ValueError, "theta1 must have shape (2,) for chart 'minimal-logits' (eta1, eta2), got (3,)"):
        family.kl([0.1, 0.2], [0.1, 0.2, 0.3])
    with raises(ValueError, "theta0 must have shape (2,)"):
        family.kl([0.1], [0.1, 0.2])


CONSTANTS = [
    ("binomial", {}, TypeError, "family 'binomial'", "'n'"),
    ("binomial", {"n": 2.5}, TypeError, "n must be a whole number (got 2.5)", ""),
    ("binomial", {"n": 0}, ValueError, "n must be at least 1 (got 0)", ""),
    ("binomial", {"n": [3, 4]}, TypeError, "n must be a whole number (got [3, 4])", ""),
    ("binomial", {"k": 3}, TypeError, "family 'binomial'", "'k'"),
    ("categorical", {}, TypeError, "family 'categorical'", "'K'"),
    ("categorical", {"K": 1}, ValueError, "K must be at least 2 (got 1)", ""),
    ("categorical", {"K": True}, TypeError, "K must be a whole number (got True)", ""),
    ("dirichlet", {"K": 1}, ValueError, "K must be at least 2 (got 1)", ""),
    ("student-t", {}, TypeError, "family 'student-t'", "'df'"),
    ("student-t", {"df": 0}, ValueError, "df must be > 0 and finite (got 0)", ""),
    ("student-t", {"df": np.inf}, ValueError, "df must be > 0 and finite (got inf)", ""),
    ("student-t", {"df": np.array([3.0])}, TypeError, "df must be one number", ""),
    ("negative-binomial", {"r": -1.0}, ValueError, "r must be > 0 and finite (got -1.0)", ""),
    ("negative-binomial", {}, TypeError, "family 'negative-binomial'", "'r'"),
    ("pareto", {"minimum": 0.0}, ValueError, "minimum must be > 0 and finite (got 0.0)", ""),
    ("linear-regression", {"X": ((1.0,),), "sigma": -1.0}, ValueError, "sigma must be > 0", "-1.0"),
    ("linear-regression", {}, TypeError, "family 'linear-regression'", "'X'"),
    ("multivariate-normal", {"d": 0}, ValueError, "d must be at least 1 (got 0)", ""),
    ("normal", {"sigma": 2.0}, TypeError, "family 'normal'", "'sigma'"),
]


@pytest.mark.parametrize(("name", "constants", "kind", "first", "second"), CONSTANTS)
def test_constants(name, constants, kind, first, second):
    with raises(kind, first, second):
        families.get(name, **constants)


def test_unknown_names_list_the_known_ones():
    with raises(ValueError, "no family 'gama'; did you mean 'gamma'?", "bernoulli", "zero-mean-normal"):
        families.get("gama")
    with raises(ValueError, "family 'normal' has no chart 'mean-stdev'; it has: mean-std, mean-variance"):
        NORMAL.fisher([0.0, 1.0], chart="mean-stdev")


def test_the_same_call_returns_the_same_record():
    assert families.get("student-t", df=5) is families.get("student-t", df=5)
    assert families.get("student-t", df=5) is not families.get("student-t", df=6)
    assert len(families.examples()) == len(families.names())


def test_the_first_of_several_bad_entries_is_named():
    with raises(ValueError, "X contains nan at row 0, column 1"):
        families.get("linear-regression", X=[[1.0, np.nan], [np.inf, 1.0]])
    with raises(ValueError, "theta contains -inf at index 0"):
        NORMAL.fisher([-np.inf, np.nan])
    with raises(ValueError, "theta: mu must be > 0 (got -1.0)"):
        families.get("inverse-gaussian").fisher([-1.0, -2.0])


@pytest.mark.parametrize("shape", [(0, 2), (2, 0), (2, 2, 2), ()])
def test_a_design_is_a_matrix_with_entries(shape):
    with raises(ValueError, f"X must be a matrix, one row an observation (got shape {shape})"):
        families.get("logistic-regression", X=np.ones(shape))


def test_a_design_is_collinear_by_its_singular_values():
    nearly = np.array([[1.0, 1.0], [1.0, 1.0 + 1e-10], [1.0, 1.0]])
    assert families.get("linear-regression", X=nearly).dimension() == 2
    with raises(ValueError, "rank 1 of 2; null direction v = [-0.4472, 0.8944]"):
        families.get("linear-regression", X=[[4.0, 2.0], [2.0, 1.0], [0.0, 0.0]])
    family = families.get("linear-regression", X=[[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(ValueError, match="read-only"):
        family.constants["X"][0, 0] = 7.0


def test_what_is_no_vector_of_numbers():
    for theta in ("ab", {"mu": 0.0}, [0.0, "one"], [[1.0], [2.0, 3.0]]):
        with raises(TypeError, "theta must be a vector of numbers (got "):
            NORMAL.fisher(theta)
    mixed = NORMAL.fisher([jax.numpy.array(0.0), 2.0])  # a list with JAX numbers is one of JAX
    assert isinstance(mixed, jax.Array)
    assert mixed.tolist() == [[0.25, 0.0], [0.0, 0.5]]
    with raises(ValueError, "theta1: sigma must be > 0 (got -1.0)"):
        NORMAL.kl([0.0, 1.0], [0.0, -1.0])


def test_what_a_family_does_not_state():
    silent = replace(NORMAL, formulas=replace(NORMAL.formulas, kl=None))
    with pytest.raises(NotImplementedError, match=r"no closed-form KL is known for 'normal'; fisher\.by_kl integrates"):
        silent.kl([0.0, 1.0], [0.0, 1.0])
    poisson = replace(families.get("poisson"), draw=None)
    with pytest.raises(NotImplementedError, match="'poisson' declares base law 'counting' and must bring its own draw"):
        poisson.sample([1.0], 2, np.random.default_rng(0))


def test_a_chart_that_fixes_other_quantities_does_not_take_the_distribution():
    family = families.get("multivariate-normal", d=2)
    whole = [1.0, 0.0, 2.0, 0.5, 3.0]
    with raises(
        ValueError, "chart 'mean' of 'multivariate-normal' does not contain this distribution", "[1.0, 0.0, 2.0"
    ):
        family.convert(whole, to="mean", chart="mean-covariance")
    inside = [1.0, 0.0, 1.0, 0.0, 1.0]
    assert family.convert(inside, to="mean", chart="mean-covariance").tolist() == [1.0, 0.0]
    # a deviation of 1e-5 is no rounding, unless it was computed in 32 bits
    off = [1.0, 0.0, 1.0, 0.0, 1.00001]
    with raises(ValueError, "does not contain this distribution"):
        family.convert(off, to="mean", chart="mean-covariance")
    assert family.convert(jax.numpy.array(off), to="mean", chart="mean-covariance").tolist() == [1.0, 0.0]
