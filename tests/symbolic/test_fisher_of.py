"""The Fisher matrix of a log density somebody wrote down: right, or refused with advice."""

import pytest
import sympy as sp

from ngtools.families import Law
from ngtools.families.support import Integers
from ngtools.symbolic import NotDerivable, fisher_of, tidy
from ngtools.symbolic.zero import residual_matrix

x = sp.Symbol("x")
mu = sp.Symbol("mu", real=True)
s, k, a, b, lam = sp.symbols("sigma k a b lambda", positive=True)
p = sp.Symbol("p", positive=True)
n = sp.Symbol("n", integer=True, positive=True)
R, POSITIVE = (-sp.oo, sp.oo), (0, sp.oo)
z = (x - mu) / s

NORMAL = -sp.log(s) - sp.log(2 * sp.pi) / 2 - z**2 / 2
WEIBULL = sp.log(k / s) + (k - 1) * sp.log(x / s) - (x / s) ** k
g, pi2 = sp.EulerGamma, sp.pi**2
psi1 = lambda u: sp.polygamma(1, u)  # noqa: E731

EXACT = {
    "normal": (NORMAL, (mu, s), R, sp.diag(1 / s**2, 2 / s**2)),
    "normal, other order": (NORMAL, (s, mu), R, sp.diag(2 / s**2, 1 / s**2)),
    "normal, one parameter": (NORMAL, s, R, sp.Matrix([[2 / s**2]])),
    "gamma": (
        k * sp.log(b) - sp.loggamma(k) + (k - 1) * sp.log(x) - b * x, (k, b), POSITIVE,
        sp.Matrix([[psi1(k), -1 / b], [-1 / b, k / b**2]]),
    ),
    "beta": (
        sp.loggamma(a + b) - sp.loggamma(a) - sp.loggamma(b) + (a - 1) * sp.log(x) + (b - 1) * sp.log(1 - x), (a, b), (0, 1),
        sp.Matrix([[psi1(a) - psi1(a + b), -psi1(a + b)], [-psi1(a + b), psi1(b) - psi1(a + b)]]),
    ),
    "Poisson": (x * sp.log(lam) - lam - sp.log(sp.factorial(x)), lam, Integers(0), sp.Matrix([[1 / lam]])),
    "geometric": ((x - 1) * sp.log(1 - p) + sp.log(p), p, Integers(1), sp.Matrix([[1 / (p**2 * (1 - p))]])),
    "negative binomial": (
        sp.loggamma(x + k) - sp.loggamma(k) - sp.loggamma(x + 1) + k * sp.log(p) + x * sp.log(1 - p), p, Integers(0),
        sp.Matrix([[k / (p**2 * (1 - p))]]),
    ),
    "Bernoulli": (x * sp.log(p) + (1 - x) * sp.log(1 - p), p, [0, 1], sp.Matrix([[1 / (p * (1 - p))]])),
    "inverse Gaussian": (
        sp.log(lam / (2 * sp.pi * x**3)) / 2 - lam * (x - a) ** 2 / (2 * a**2 * x), (a, lam), POSITIVE,
        sp.diag(lam / a**3, 1 / (2 * lam**2)),
    ),
    "log-normal": (-sp.log(x * s) - sp.log(2 * sp.pi) / 2 - (sp.log(x) - mu) ** 2 / (2 * s**2), (mu, s), POSITIVE,
                   sp.diag(1 / s**2, 2 / s**2)),
    "Pareto": (sp.log(a) - (a + 1) * sp.log(x), a, (1, sp.oo), sp.Matrix([[1 / a**2]])),
    "Maxwell, in no gallery": (
        sp.log(2 / sp.pi) / 2 + 2 * sp.log(x) - 3 * sp.log(s) - x**2 / (2 * s**2), s, POSITIVE, sp.Matrix([[6 / s**2]]),
    ),
    "Weibull": (WEIBULL, (s, k), POSITIVE, sp.Matrix([
        [k**2 / s**2, (g - 1) / s], [(g - 1) / s, (6 * (1 - g) ** 2 + pi2) / (6 * k**2)]])),
    "Gumbel": (-z - sp.exp(-z) - sp.log(s), (mu, s), R, sp.Matrix([
        [1, g - 1], [g - 1, (1 - g) ** 2 + pi2 / 6]]) / s**2),
    "Laplace": (-sp.Abs(x - mu) / s - sp.log(2 * s), (mu, s), R, sp.eye(2) / s**2),
    "logistic": (-z - sp.log(s) - 2 * sp.log(1 + sp.exp(-z)), (mu, s), R, sp.diag(3, 3 + pi2) / (9 * s**2)),
    "Cauchy": (-sp.log(sp.pi * s * (1 + z**2)), (mu, s), R, sp.eye(2) / (2 * s**2)),
    "over-complete categorical": (
        sp.Piecewise((mu, sp.Eq(x, 0)), (a, True)) - sp.log(sp.exp(mu) + sp.exp(a)), (mu, a), [0, 1],
        sp.Matrix([[1, -1], [-1, 1]]) * sp.exp(mu + a) / (sp.exp(mu) + sp.exp(a)) ** 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", EXACT)
def test_exact(case):
    expr, params, support, expected = EXACT[case]
    found = fisher_of(expr, x, params, support)
    assert residual_matrix(found - expected).is_zero_matrix
    allowed = set(params) if isinstance(params, tuple) else {params}
    assert found.free_symbols <= allowed | {k}


REFUSED = {
    "a forgotten constant": (NORMAL + sp.log(2), (mu, s), R, "total probability is 2"),
    "no normaliser": (-mu * x - x**4, mu, R, "not normalised"),
    "probabilities that do not sum to 1": (x * sp.log(p) + (1 - x) * sp.log(1 - p) + 1, p, [0, 1], "sum to E; subtract"),
    "probabilities of a sum nobody knows": (
        x * sp.log(sp.polygamma(1, sp.Rational(1, 4)) / 100) + (1 - x) * sp.log(1 - (sp.pi**2 + 8 * sp.Catalan) / 100), p,
        [0, 1], "cannot show that the probabilities sum to 1: .* should vanish",
    ),
    "a function without numbers": (
        -x - sp.log(sp.Function("Z")(a)) * a, a, POSITIVE, "could not be confirmed at any two points; declare its base law",
    ),
    "half a support": (NORMAL, (mu, s), POSITIVE, "not normalised"),
    "a mixture": (
        sp.log(sp.exp(-((x - mu) ** 2) / 2) / 2 + sp.exp(-((x + mu) ** 2) / 2) / 2) - sp.log(2 * sp.pi) / 2, mu, R,
        "not derivable",
    ),
    "a moving support": (-sp.log(s), s, (0, s), "support depends on"),
    "Cauchy location alone": (-sp.log(sp.pi * (1 + (x - mu) ** 2)), mu, R, "of_density"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    expr, params, support, message = REFUSED[case]
    with pytest.raises((NotDerivable, ValueError), match=message):
        fisher_of(expr, x, params, support)


def test_a_declared_law_reaches_what_the_rest_does_not():
    one = lambda theta, m: (1,)  # noqa: E731
    weibull = Law("gamma", shape=one, map=lambda z, theta, m: z ** (1 / theta[0]))
    expr = WEIBULL.subs(s, 1)
    with pytest.raises(NotDerivable, match="law=Law"):
        fisher_of(expr, x, k, POSITIVE)
    assert tidy(fisher_of(expr, x, k, POSITIVE, law=weibull)[0] - ((1 - g) ** 2 + pi2 / 6) / k**2) == 0
    wrong = Law("gamma", shape=one, map=lambda z, theta, m: z ** theta[0])
    with pytest.raises(NotDerivable, match="declared law is not"):
        fisher_of(expr, x, k, POSITIVE, law=wrong)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((NORMAL, x, (mu, mu), R), ValueError, "distinct"),
        ((NORMAL, x, (mu, x), R), ValueError, "distinct"),
        ((NORMAL, "x", (mu,), R), TypeError, "SymPy symbols"),
        ((sp.log(s), x, s, R), ValueError, "does not contain x"),
        ((NORMAL, x, (mu, s), (2, 1)), ValueError, "empty"),
        ((NORMAL, x, (mu, s), []), ValueError, "empty"),
        ((NORMAL, x, (mu, s), "real"), TypeError, "support must be"),
        ((NORMAL, x, (), R), ValueError, r"params must be distinct symbols other than x \(got params=\(\), x=x\)"),
        ((NORMAL, x, (mu, "sigma"), R), TypeError, r"x and params must be SymPy symbols \(got 'sigma'\)"),
        ((sp.Integral(x * s, (s, 0, 1)), x, s, R), ValueError, "must be written out"),
        ((x * sp.nan, x, s, R), ValueError, "does not contain x|must be written out"),
    ],
)
def test_bad_requests(arguments, error, message):
    with pytest.raises(error, match=message):
        fisher_of(*arguments)


def test_a_kink_is_not_regular_in_both_ways():
    laplace = Law("sign-gamma", shape=lambda theta, m: (1,), map=lambda z, theta, m: theta[0] + theta[1] * z[0] * z[1])
    with pytest.raises(NotDerivable, match="not a regular density"):
        fisher_of(-sp.Abs(x - mu) / s - sp.log(2 * s), x, (mu, s), R, law=laplace)
