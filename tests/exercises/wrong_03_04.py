"""Wrong answers of chapters 03 and 04 by hand: what each misconception gives."""

from __future__ import annotations

import math

import numpy as np
import sympy as sp
from scipy.integrate import quad

a, b = sp.symbols("a b", positive=True)
m, mu, s = sp.symbols("m mu s")


def trigamma(k, terms=100_000):
    """The series of 1/(k + j)^2, its tail by the midpoint rule."""
    return sum((k + j) ** -2 for j in range(terms)) + 1 / (k + terms - 1 / 2)


# the determinant of F at shape k and rate b is (k trigamma(k) - 1) / b^2, so one observation bounds the variance of the
# rate by b^2 times this number; in shape and scale c the matrix is trigamma, 1/c, k/c^2, and the bound c^2 times it
SHARE = trigamma(2.3) / (2.3 * trigamma(2.3) - 1)


def outer_mean(psi):
    n, d = psi.shape
    return np.array([[sum(psi[:, i]) * sum(psi[:, j]) / n**2 for j in range(d)] for i in range(d)])


def outer_sum(psi):
    return sum(np.outer(row, row) for row in psi)


def mean_squares(psi):
    n, d = psi.shape
    return np.array([[sum(x**2 for x in psi[:, i]) / n if i == j else 0.0 for j in range(d)] for i in range(d)])


def covariance_from_pairs(psi):
    """Half the mean outer product of the differences of two different rows."""
    n = len(psi)
    return sum(np.outer(p - q, p - q) for p in psi for q in psi) / (2 * n * (n - 1))


def cauchy_scores(mu, x):
    """With x - mu = tan t the score is 2 tan t / (1 + tan^2 t) = sin 2t."""
    return [math.sin(2 * math.atan(xi - mu)) for xi in x]


def cauchy_newton(mu, x):
    """The score is 1/(u + i) + 1/(u - i) with u = x - mu, so its slope in mu is twice the real part of (u + i)^-2."""
    slopes = [2 * (complex(xi - mu, 1) ** -2).real for xi in x]
    return mu - sum(cauchy_scores(mu, x)) / sum(slopes)


def cauchy_squared_scores(mu, x):
    scores = cauchy_scores(mu, x)
    return mu + sum(scores) / sum(score**2 for score in scores)


def poisson_kl(r0, r1):
    """The sum over the counts."""
    total, p = 0.0, math.exp(-r0)
    for count in range(100):
        total += p * (r1 - r0 + count * (math.log(r0) - math.log(r1)))
        p *= r0 / (count + 1)
    return total


PHI_1 = (1 + math.erf(1 / math.sqrt(2))) / 2  # probability of a positive sign at mean 1
SLOPE_1 = math.exp(-1 / 2) / math.sqrt(2 * math.pi)  # how fast it grows with the mean


WRONG = {
    # chapter 03
    "rate_bound": {
        "nuisance parameter treated as known": 1.4 / math.sqrt(50 * 2.3),
        "square for its root": 1.4**2 * SHARE / 50,
        "information of one observation": 1.4 * math.sqrt(SHARE),
        "another chart": math.sqrt(SHARE / 50) / 1.4,
    },
    "monte_carlo_fisher": {
        "outer product of the mean": outer_mean,
        "sum and mean exchanged": outer_sum,
        "diagonal only": mean_squares,
        "sample mean subtracted": covariance_from_pairs,
    },
    "draws_needed": {
        # the score of sigma is z^2 - 1, E (z^2 - 1)^4 = 105 - 4 * 15 + 6 * 3 - 4 + 1 = 60 and F = 2
        "another chart": (60 - 2**2) / 2**2 * 20**2,
        "second moment for variance": 3 * 20**2,
        "error not squared": 2 * 20,
        "precision of the parameter": 20**2,
    },
    "empirical_about_the_mean": {
        "empirical and true Fisher exchanged": sp.Integer(1),
        "data centred first": s**2,
        "sigma read as variance": m**2 - 2 * m * mu + mu**2 + s,
        "square of the mean score": m**2 - 2 * m * mu + mu**2,
    },
    "cauchy_scoring": {
        "observed for expected information": cauchy_newton,
        "sum and mean exchanged": lambda mu, x: mu + 2 * sum(cauchy_scores(mu, x)),
        "wrong sign": lambda mu, x: mu - 2 * sum(cauchy_scores(mu, x)) / len(x),
        "step without the information": lambda mu, x: mu + sum(cauchy_scores(mu, x)) / len(x),
        "squared scores of the data": cauchy_squared_scores,
    },
    "jeffreys_share": {
        "density without its root": (1 - 1 / 2) / (1 - 1 / 4),
        "flat prior on sigma": 1 / 3,
        "flat prior on the variance": 3 / 15,
    },
    # chapter 04
    "kl_widening": {
        "direction reversed": 3 / 2 - math.log(2),
        "variance read as standard deviation": 2 * math.log(2) - 15 / 32,
        "bits": 1 - 3 / (8 * math.log(2)),
        "quadratic form for the divergence": 1.0,
    },
    "cubic_exponential": {
        # log(1 + u) + 1/(1 + u) - 1 has u^3/3 - u^3
        "direction reversed": -2 / (3 * b**3),
        "derivative for coefficient": -2 / b**3,
        "wrong sign": 1 / (3 * b**3),
        "directions averaged": -1 / (2 * b**3),
    },
    "poisson_distance": {
        "metric frozen at the start": lambda r0, r1: math.sqrt((r1 - r0) ** 2 / r0),
        "information integrated without its root": lambda r0, r1: abs(quad(lambda r: 1 / r, r0, r1)[0]),
        "factor of the integral lost": lambda r0, r1: abs(r1 - r0) / (r0**0.5 + r1**0.5),
        "divergence for distance": lambda r0, r1: (2 * poisson_kl(r0, r1)) ** 0.5,
    },
    "sign_information": {
        # the mean square of the two scores, slope/Phi and -slope/(1 - Phi)
        "kept for lost": PHI_1 * (SLOPE_1 / PHI_1) ** 2 + (1 - PHI_1) * (SLOPE_1 / (1 - PHI_1)) ** 2,
        "evaluated at mean 0": 1 - 2 / math.pi,
        # the rarer one, the negative sign
        "one answer counted": 1 - (1 - PHI_1) * (SLOPE_1 / (1 - PHI_1)) ** 2,
    },
    "widest_on_the_way": {
        "Euclidean length": lambda sigma, delta: math.hypot(sigma, delta / 2),
        "straight for short": lambda sigma, delta: max(np.linspace([0, sigma], [delta, sigma], 11)[:, 1]),
        "radius for height": lambda sigma, delta: math.hypot(delta / 2, 2**0.5 * sigma),
    },
    # with q/p = 1 + z and E z = 0, E z^2 = Delta^T F Delta, the binomial series (1 + z)^a = 1 + a z + a (a - 1) z^2/2
    "power_moment": {
        "missing ½": a**2 - a,
        "direction reversed": sp.expand(a * (a + 1)) / 2,
        "square of the first-order term": a**2 / 2,
        "slope for curvature": a / 2,
    },
}
