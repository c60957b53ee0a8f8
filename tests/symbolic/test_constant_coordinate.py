"""The coordinate in which a Fisher information is 1."""

import pytest
import sympy as sp

from ngtools import families
from ngtools.symbolic import NotDerivable, constant_coordinate

P = sp.Symbol("p", positive=True)


@pytest.mark.parametrize(
    ("name", "chart", "constants", "expected"),
    [
        ("poisson", "rate", {}, lambda t: 2 * sp.sqrt(t)),
        ("exponential", "scale", {}, sp.log),
        ("zero-mean-normal", "std", {}, lambda t: sp.sqrt(2) * sp.log(t)),
        ("bernoulli", "probability", {}, lambda t: 2 * sp.asin(sp.sqrt(t))),
        ("geometric", "probability", {}, lambda t: -2 * sp.atanh(sp.sqrt(1 - t))),
        ("negative-binomial", "mean", {"r": 4}, lambda t: 4 * sp.asinh(sp.sqrt(t) / 2)),
    ],
)
def test_known_coordinates(name, chart, constants, expected):
    family = families.get(name, **constants)
    (theta,) = family.chart(chart).symbols
    gap = constant_coordinate(family, chart) - expected(theta)
    # antiderivatives may differ by a constant: compare two differences to 20 digits
    values = [gap.subs(theta, sp.Rational(k, 7)).evalf(30) for k in (1, 3, 5)]
    assert max(abs(value - values[0]) for value in values) < sp.Float("1e-20")


@pytest.mark.parametrize(("name", "chart"), [("gamma", "shape-rate"), ("bernoulli", "logit")])
def test_more_than_one_coordinate_or_a_signed_one_is_refused(name, chart):
    with pytest.raises(NotDerivable, match="one positive coordinate"):
        constant_coordinate(families.get(name), chart)
