"""Everything the families state, proved in every chart; counter-examples fail where they are said to."""

import pytest
import sympy as sp

from ngtools import families, symbolic

REGULAR = [family for family in families.examples() if "all" not in family.irregular]
COUNTER = [family for family in families.examples() if "all" in family.irregular]
CASES = [pytest.param(family, chart, id=f"{family.name}-{chart}") for family in REGULAR for chart in family.charts]

n, r = sp.Symbol("n", integer=True, positive=True), sp.Symbol("r", positive=True)
nu, sigma = sp.Symbol("nu", positive=True), sp.Symbol("varsigma", positive=True)


@pytest.mark.parametrize(("family", "chart"), CASES)
def test_what_a_family_states_is_derived_exactly(family, chart):
    d = family.dimension(chart)
    assert symbolic.verify(family, chart) == sp.zeros(d, d)
    verdict = symbolic.verdict(family, chart)
    assert verdict.holds
    assert verdict.failures == ()
    # nothing may be silently left out: a missing proof is one of these, and has its reason
    curvature_fails = "by_curvature" in family.irregular
    assert (verdict.by_hessian is None) == curvature_fails
    assert (verdict.kl_hessian is None) == (family.formulas.kl is None or family.formulas.kl_route != "closed form")
    assert verdict.independent == (family.law.base != "log-partition")
    assert bool(verdict.note) == (curvature_fails or not verdict.independent)


def test_every_stated_divergence_but_two_is_derived():
    """|x - mu1| and log(1 + ((x - mu1)/s1)^2) are outside the tables; no other closed form is."""
    missing = {
        family.name
        for family in REGULAR
        if symbolic.verdict(family).kl is None and symbolic.verdict(family).kl_hessian is not None
    }
    assert missing <= {"laplace", "cauchy"}


@pytest.mark.parametrize(
    ("name", "constants"),
    [("binomial", {"n": n}), ("negative-binomial", {"r": r}), ("student-t", {"df": nu})],
    ids=["binomial", "negative-binomial", "student-t"],
)
def test_constants_may_be_symbols(name, constants):
    """The proof then holds for every n, r, df at once."""
    family = families.get(name, **constants)
    for chart in family.charts:
        assert symbolic.verdict(family, chart).holds
    assert symbolic.fisher(family).free_symbols & set(constants.values())


def test_one_row_of_each_regression_with_symbolic_features():
    from ngtools.families import linear_regression, logistic_regression, poisson_regression

    row = sp.symbols("x1 x2", real=True)
    for family in (
        linear_regression.one_row(row, sigma),
        logistic_regression.one_row(row),
        poisson_regression.one_row(row),
    ):
        assert symbolic.verify(family) == sp.zeros(2, 2)
        assert symbolic.fisher(family).det().simplify() == 0  # one row informs about one direction only


@pytest.mark.parametrize("family", COUNTER, ids=lambda family: family.name)
def test_a_moving_support_is_refused_with_its_reason(family):
    with pytest.raises(symbolic.VerificationError, match="support depends on theta"):
        symbolic.verify(family)
    verdict = symbolic.verdict(family)
    assert verdict.normalised
    assert not verdict.holds
    assert verdict.failures == ("mean_score",)
    found = symbolic.derivation(family)
    # what goes wrong can be looked at: the score has a mean, and the two expectations differ
    assert symbolic.tidy(found.mean_score[0]) != 0
    assert symbolic.tidy(found.by_score[0] - found.by_hessian[0]) != 0


def test_laplace_location_is_the_named_exception():
    laplace = families.get("laplace")
    found = symbolic.derivation(laplace)
    b = found.theta[1]
    assert found.by_hessian[0, 0] == 0
    assert symbolic.tidy(found.by_score[0, 0]) == 1 / b**2
    assert symbolic.tidy(found.by_hessian[1, 1]) == 1 / b**2
    verdict = symbolic.verdict(laplace)
    assert verdict.by_hessian is None
    assert "not twice differentiable" in verdict.note
    assert symbolic.kl_hessian(laplace) == sp.diag(1 / b**2, 1 / b**2)


def test_the_shown_steps_are_the_derivation():
    gamma = families.get("gamma")
    steps = symbolic.fisher(gamma, "shape-mean", steps=True)
    assert [what for what, _ in steps] == [
        "log density", "score", "base law", "observation", "mean score", "Fisher matrix", "curvature", "stated"
    ]  # fmt: skip
    formulas = dict(steps)
    assert symbolic.latex(symbolic.fisher(gamma, "shape-mean")) in formulas["Fisher matrix"]
    assert symbolic.latex(symbolic.score(gamma, "shape-mean")) in formulas["score"]
    shown = steps._repr_latex_()
    assert shown.startswith("$$")
    assert all(formula in shown for formula in formulas.values())
    assert "trigamma" in shown
    assert "polygamma" not in shown


def test_results_are_plain_sympy():
    normal = families.get("normal")
    mu, sd = normal.chart().symbols
    x = symbolic.derivation(normal).x[0]
    assert symbolic.score(normal).subs({x: mu}).applyfunc(sp.simplify) == sp.Matrix([0, -1 / sd])
    assert symbolic.fisher(normal) == sp.Matrix([[1 / sd**2, 0], [0, 2 / sd**2]])
    theta0, theta1 = symbolic.divergence(normal).theta0, symbolic.divergence(normal).theta1
    assert symbolic.kl(normal).subs(dict(zip(theta1, theta0))).simplify() == 0
