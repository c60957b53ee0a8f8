"""An outside twin: SymPy's own statistics, where they answer quickly."""

import pytest
import sympy as sp
import sympy.stats as stats

from ngtools import families, symbolic

mu = sp.Symbol("mu", real=True)
sigma, k, b, lam, a = sp.symbols("sigma k b lambda a", positive=True)
p = sp.Symbol("p", positive=True)

TWINS = {
    "normal": (stats.Normal("X", mu, sigma), "mean-std", (mu, sigma)),
    "exponential": (stats.Exponential("X", b), "rate", (b,)),
    "gamma": (stats.Gamma("X", k, 1 / b), "shape-rate", (k, b)),
    "rayleigh": (stats.Rayleigh("X", sigma), "scale", (sigma,)),
    "poisson": (stats.Poisson("X", lam), "rate", (lam,)),
}


@pytest.mark.parametrize("name", TWINS)
def test_log_density(name):
    variable, chart, theta = TWINS[name]
    family = families.get(name)
    found = symbolic.derivation(family, chart)
    x = found.x[0]
    ours = found.log_density.subs(dict(zip(found.theta, theta)), simultaneous=True)
    density = stats.density(variable)(x)
    density = density.args[0].expr if isinstance(density, sp.Piecewise) else density
    # log x! is loggamma(x + 1); the quotient of two densities is 1
    quotient = sp.exp(ours.replace(sp.loggamma, lambda u: sp.log(sp.gamma(u)))) / density.rewrite(sp.gamma)
    assert sp.simplify(sp.gammasimp(sp.powsimp(sp.expand_power_base(sp.simplify(quotient)), force=True))) == 1


@pytest.mark.parametrize("name", ["normal", "exponential", "gamma", "rayleigh", "poisson"])
def test_fisher_matrix_as_the_covariance_of_statistics(name):
    """Cov(score) with SymPy's moments; each score here is linear in x and x^2 (the shape of a gamma is left out)."""
    variable, chart, theta = TWINS[name]
    family = families.get(name)
    found = symbolic.derivation(family, chart)
    x = found.x[0]
    letters = dict(zip(found.theta, theta))
    moving = [i for i in range(len(theta)) if found.score[i].is_polynomial(x)]
    assert moving
    for i in moving:
        for j in moving:
            product = sp.expand((found.score[i] * found.score[j]).subs(letters, simultaneous=True))
            expectation = sp.Add(
                *[c * stats.E(variable ** n[0]).doit() if n[0] else c for n, c in sp.Poly(product, x).terms()]
            )
            ours = symbolic.fisher(family, chart)[i, j].subs(letters, simultaneous=True)
            assert sp.simplify(sp.gammasimp(expectation) - ours) == 0


@pytest.mark.parametrize("chart", ["probability", "logit", "angle"])
def test_bernoulli_by_hand(chart):
    found = symbolic.derivation(families.get("bernoulli"), chart)
    x, theta = found.x[0], found.theta[0]
    total = sum(sp.exp(found.log_density.subs(x, v)) * found.score[0].subs(x, v) ** 2 for v in (0, 1))
    point = {theta: sp.Rational(2, 5)}
    assert abs((total - found.fisher[0]).subs(point).evalf(30)) < 1e-25
