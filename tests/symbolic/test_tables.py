"""Each table of moments, proved once by an integral, a sum or a series."""

import sympy as sp

from ngtools.symbolic.laws import discrete, normal, transform
from ngtools.symbolic.laws.log_partition import INTEGRALS, split
from ngtools.symbolic.rewriting import reduce_special
from ngtools.symbolic.zero import residual

a, b = sp.symbols("a b", positive=True)
z = sp.Symbol("z", positive=True)


def test_gamma_integral():
    r = sp.Symbol("r", positive=True)
    law = transform.gamma_law(a)
    integral = sp.integrate(z ** (a - 1 + r) * sp.exp(-z), (z, 0, sp.oo))
    assert sp.gammasimp(integral / sp.gamma(a) - law.moment([r], [0])) == 0
    assert residual(law.log_base - ((a - 1) * sp.log(z) - z - sp.loggamma(a))) == 0


def test_logarithms_are_derivatives_of_the_transform():
    """E z^r log^n z = d^n/dr^n Gamma(a + r)/Gamma(a): the recurrence of the table against SymPy's derivative."""
    r = sp.Symbol("r", positive=True)
    law = transform.gamma_law(a)
    for n in (1, 2, 3, 4):
        for power in (-1, 0, 2):
            direct = sp.diff(sp.gamma(a + r), r, n).subs(r, power) / sp.gamma(a)
            assert residual(sp.gammasimp(reduce_special(direct)) - law.moment([sp.Integer(power)], [n])) == 0


def test_beta_integral_in_odds():
    q, r, u = sp.Symbol("q", positive=True), sp.Symbol("r", positive=True), sp.Symbol("u", positive=True)
    law = transform.beta_law(a, b)
    kernel = sp.integrate(q ** (b - 1) / (1 + q) ** (a + b), (q, 0, sp.oo))
    assert sp.gammasimp(kernel - sp.gamma(a) * sp.gamma(b) / sp.gamma(a + b)) == 0
    # the same integral with b + r and a + u - r in place of b and a: E q^r (1 + q)^(-u), for q = t^2
    shifted = kernel.subs({a: a + u - r, b: b + r}, simultaneous=True) / kernel
    assert sp.gammasimp(shifted - law.moment([2 * r, -u], [0, 0])) == 0
    t = law.variables[0]
    density = (q ** (b - 1) / (1 + q) ** (a + b) / kernel).subs(q, t**2) * sp.diff(t**2, t)
    assert sp.simplify(sp.exp(law.log_base.replace(sp.loggamma, lambda u: sp.log(sp.gamma(u)))) / density) == 1


def test_beta_logarithms_are_derivatives_of_the_transform():
    r, u = sp.Symbol("r", real=True), sp.Symbol("u", real=True)
    law = transform.beta_law(a, b)
    moment = (
        sp.gamma(b + r / 2)
        * sp.gamma(a - u - r / 2)
        / sp.gamma(a - u + b)
        * sp.gamma(a + b)
        / sp.gamma(a)
        / sp.gamma(b)
    )
    for logs in ((1, 0), (0, 1), (1, 1), (2, 0)):
        for powers in ((0, 0), (2, -1)):
            direct = sp.diff(moment, *((r,) * logs[0]), *((u,) * logs[1])).subs({r: powers[0], u: powers[1]})
            table = law.moment([sp.Integer(p) for p in powers], logs)
            assert residual(sp.gammasimp(reduce_special(direct)) - table) == 0


def test_dirichlet_is_a_product_of_betas():
    """z = (w1, (1 - w1) w2, (1 - w1)(1 - w2)) with w1 ~ Beta(a1, a2 + a3), w2 ~ Beta(a2, a3), independent."""
    a1, a2, a3 = shape = sp.symbols("a1:4", positive=True)
    r1, r2, r3 = r = sp.symbols("r1:4", positive=True)
    law = transform.dirichlet_law(shape)

    def beta(p, q):
        return sp.gamma(p) * sp.gamma(q) / sp.gamma(p + q)

    product = beta(a1 + r1, a2 + a3 + r2 + r3) * beta(a2 + r2, a3 + r3) / (beta(a1, a2 + a3) * beta(a2, a3))
    assert sp.gammasimp(product - law.moment(list(r), [0, 0, 0])) == 0
    # and it is the law whose density the table holds: change variables from the two odds
    o1, o2 = sp.symbols("o1 o2", positive=True)
    w1, w2 = o1 / (1 + o1), o2 / (1 + o2)
    image = [w1, (1 - w1) * w2, (1 - w1) * (1 - w2)]
    slope = sp.factor(sp.Matrix(image[:2]).jacobian([o1, o2]).det())

    def log_odds_density(o, p, q):  # of o = w/(1 - w), w ~ Beta(p, q)
        return (p - 1) * sp.log(o) - (p + q) * sp.log(1 + o) + sp.loggamma(p + q) - sp.loggamma(p) - sp.loggamma(q)

    at_image = law.log_base.subs(dict(zip(law.variables, image)), simultaneous=True) + sp.log(slope)
    assert residual(at_image - log_odds_density(o1, a1, a2 + a3) - log_odds_density(o2, a2, a3)) == 0


def test_normal_moments():
    s, c = sp.Symbol("s", real=True), sp.Symbol("c", real=True)
    density = sp.exp(normal.log_base([s]))
    transform_ = sp.simplify(sp.integrate(sp.exp(c * s) * density, (s, -sp.oo, sp.oo)))
    assert sp.simplify(transform_ - normal.moment(0, c)) == 0
    for n in range(7):
        assert sp.simplify(sp.diff(transform_, c, n) - normal.moment(n, c)) == 0
        double_factorial = 0 if n % 2 else sp.factorial2(n - 1)
        assert normal.moment(n, sp.S.Zero) == double_factorial


def test_isserlis():
    """E z_i z_j z_k z_l is the sum over the three pairings, for independent standard normals."""
    z1, z2 = variables = normal.variables(2)
    delta = sp.KroneckerDelta
    for i, j, k, l in [(0, 0, 0, 0), (0, 0, 1, 1), (0, 1, 0, 1), (0, 0, 0, 1)]:
        pairings = delta(i, j) * delta(k, l) + delta(i, k) * delta(j, l) + delta(i, l) * delta(j, k)
        product = sp.Mul(*[variables[m] for m in (i, j, k, l)])
        assert normal.normal_expectation(product, variables) == pairings
    assert normal.normal_expectation((z1 + z2) ** 2, variables) == 2


def test_generating_function_from_the_ratio():
    """(1 - B u) G' = A G has for its coefficients exactly p(y+1) = p(y) (A + B y)/(y + 1)."""
    A, B, u = sp.symbols("A B u")
    order = 7
    p = [sp.Symbol("p0")]
    for y in range(order):
        p.append(sp.expand(p[-1] * (A + B * y) / (y + 1)))
    G = sp.Add(*[coefficient * u**y for y, coefficient in enumerate(p)])
    left = sp.Poly(sp.expand((1 - B * u) * sp.diff(G, u) - A * G), u)
    assert all(left.coeff_monomial(u**y) == 0 for y in range(order))


def test_factorial_moments():
    u, lam = sp.Symbol("u", positive=True), sp.Symbol("lambda", positive=True)
    y = sp.Symbol("y", integer=True, nonnegative=True)
    found = discrete.factorial_moments(lambda s: sp.exp(lam * (s - 1)), 3)
    for k, moment in enumerate(found):
        falling = sp.summation(sp.exp(-lam) * lam ** (y + k) / sp.factorial(y), (y, 0, sp.oo))  # shifted by k
        assert sp.simplify(falling - moment) == 0
    assert u not in sp.Add(*found).free_symbols


def test_inverse_gaussian_integral():
    x = sp.Symbol("x", positive=True)
    integral = sp.integrate(x ** sp.Rational(-3, 2) * sp.exp(-a * x - b / x), (x, 0, sp.oo)).rewrite(sp.exp)
    closed = sp.sqrt(sp.pi / b) * sp.exp(-2 * sp.sqrt(a * b))
    assert sp.simplify(integral - closed) == 0
    parts = split(-a * x - b / x - sp.Rational(3, 2) * sp.log(x) - sp.log(closed), x, (a, b))
    assert all(residual(defect) == 0 for defect in INTEGRALS["inverse-gaussian"](parts, x))
    spoiled = split(-a * x - b / x - sp.log(x) - sp.log(closed), x, (a, b))
    assert any(residual(defect) != 0 for defect in INTEGRALS["inverse-gaussian"](spoiled, x))


def test_circle_integral():
    """int exp(k cos x) = 2 pi I_0(k): term by term, for every term; a cos x + b sin x is k cos(x - phase)."""
    x, k = sp.Symbol("x", real=True), sp.Symbol("k", positive=True)
    m = sp.Symbol("m", integer=True, nonnegative=True)
    wallis = 2 * sp.pi * sp.gamma(2 * m + 1) / (4**m * sp.gamma(m + 1) ** 2)  # int cos^(2m), by parts
    for i in range(4):
        assert sp.integrate(sp.cos(x) ** (2 * i), (x, -sp.pi, sp.pi)) == sp.simplify(wallis.subs(m, i))
    # integration by parts: int cos^(2m+2) = (2m+1)/(2m+2) int cos^(2m)
    assert sp.cancel(sp.gammasimp(wallis.subs(m, m + 1) / wallis) - (2 * m + 1) / (2 * m + 2)) == 0
    term = k ** (2 * m) / sp.gamma(2 * m + 1) * wallis
    bessel = 2 * sp.pi * (k / 2) ** (2 * m) / sp.gamma(m + 1) ** 2
    assert sp.gammasimp(sp.powsimp(term / bessel)) == 1
    series = sp.Add(*[bessel.subs(m, i) for i in range(4)]) / (2 * sp.pi)
    assert sp.expand(sp.series(sp.besseli(0, k), k, 0, 8).removeO() - series) == 0
    phase = sp.Symbol("phase", real=True)
    turned = sp.expand_trig(k * sp.cos(x - phase))
    amplitudes = turned.expand().coeff(sp.cos(x)), turned.expand().coeff(sp.sin(x))
    assert sp.simplify(amplitudes[0] ** 2 + amplitudes[1] ** 2) == k**2


def test_bessel_recurrence():
    k = sp.Symbol("k", positive=True)
    for n in (2, 3):
        lowered = reduce_special(sp.besseli(n, k))
        assert {bessel.args[0] for bessel in lowered.atoms(sp.besseli)} == {0, 1}
        gap = (sp.besseli(n, k) - lowered).subs(k, sp.Rational(7, 3)).evalf(30, chop=1e-25)
        assert gap == 0
