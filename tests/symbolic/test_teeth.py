"""A family with one thing wrong must not pass: what is spoiled, and what says so."""

from dataclasses import replace

import pytest
import sympy as sp

from ngtools import families, symbolic
from ngtools.families.support import Integers, Interval
from ngtools.symbolic import VerificationError, verdict, verify

# one or more of every technique
NAMES = (
    "bernoulli", "beta", "binomial", "categorical", "cauchy", "dirichlet", "exponential", "gamma", "geometric",
    "gumbel", "inverse-gamma", "inverse-gaussian", "laplace", "log-normal", "logistic", "negative-binomial",
    "normal", "pareto", "poisson", "rayleigh", "student-t", "von-mises", "weibull", "zero-mean-normal",
)  # fmt: skip
EXAMPLES = {family.name: family for family in families.examples()}
TWO_DIMENSIONAL = [name for name in NAMES if EXAMPLES[name].dimension() == 2]
WITH_KL = [name for name in NAMES if EXAMPLES[name].formulas.kl is not None]


def spoiled(name, **formulas):
    family = EXAMPLES[name]
    return replace(family, formulas=replace(family.formulas, **formulas))


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_too_many_in_the_density(name):
    """+ log 2 changes neither score nor Fisher matrix: only the normalisation can tell (a finite sum weighs with p)."""
    log_density = EXAMPLES[name].formulas.log_density
    wrong = spoiled(name, log_density=lambda x, theta, m: log_density(x, theta, m) + m.log(2))
    with pytest.raises(VerificationError, match="not normalised"):
        verify(wrong)
    found = verdict(wrong)
    assert "normalised" in found.failures
    assert found.failures == ("normalised",) or EXAMPLES[name].law.base == "finite"
    assert not found.holds


@pytest.mark.parametrize("name", NAMES)
def test_half_of_one_entry(name):
    F = EXAMPLES[name].formulas.fisher

    def halved(theta, m):
        matrix = sp.Matrix(F(theta, m))
        matrix[-1, -1] *= m.ratio(1, 2)
        return matrix

    wrong = spoiled(name, fisher=halved)
    assert not verify(wrong).is_zero_matrix
    assert not verdict(wrong).by_score
    assert not verdict(wrong).holds


@pytest.mark.parametrize("name", [name for name in TWO_DIMENSIONAL if symbolic.fisher(EXAMPLES[name])[0, 1] != 0])
def test_sign_of_the_off_diagonal(name):
    F = EXAMPLES[name].formulas.fisher

    def turned(theta, m):
        return sp.Matrix(F(theta, m)).multiply_elementwise(sp.Matrix([[1, -1], [-1, 1]]))

    difference = verify(spoiled(name, fisher=turned))
    assert difference[0, 1] != 0
    assert difference[0, 0] == 0


@pytest.mark.parametrize("name", [name for name in WITH_KL if verdict(EXAMPLES[name]).kl])
def test_the_divergence_the_other_way_round(name):
    """Both directions have the Fisher matrix for their curvature; only the derivation tells them apart."""
    kl = EXAMPLES[name].formulas.kl
    forth, back = symbolic.divergence(EXAMPLES[name]), spoiled(name, kl=lambda t0, t1, m: kl(t1, t0, m))
    swapped = dict(zip((*forth.theta0, *forth.theta1), (*forth.theta1, *forth.theta0)))
    symmetric = sp.simplify(forth.stated - forth.stated.subs(swapped, simultaneous=True)) == 0
    assert verdict(back).kl is symmetric
    assert verdict(back).kl_hessian
    if not symmetric:
        with pytest.raises(VerificationError, match="divergence is not"):
            verify(back)


@pytest.mark.parametrize("name", ["cauchy", "laplace", "gamma"])
def test_a_divergence_of_the_wrong_size(name):
    kl = EXAMPLES[name].formulas.kl
    wrong = spoiled(name, kl=lambda t0, t1, m: 2 * kl(t0, t1, m))
    assert verdict(wrong).kl_hessian is False
    with pytest.raises(VerificationError, match="divergence"):
        verify(wrong)


@pytest.mark.parametrize(
    ("name", "chart"),
    [("zero-mean-normal", "variance"), ("gamma", "shape-mean"), ("bernoulli", "logit"), ("poisson", "log-rate")],
)
def test_a_map_that_its_inverse_does_not_undo(name, chart):
    family = EXAMPLES[name]
    records = []
    for record in family.chart_records:
        if record.name == chart:
            to_home = record.to_home
            record = replace(record, to_home=lambda phi, m, to_home=to_home: to_home((*phi[:-1], 2 * phi[-1]), m))
        records.append(record)
    wrong = replace(family, chart_records=tuple(records))
    assert verdict(wrong, chart).failures == ("round_trip",)
    with pytest.raises(VerificationError, match="maps of the chart"):
        verify(wrong, chart)


def test_a_score_that_is_wrong_in_one_term():
    """A density that is no density: the exponent of x is off by one half."""
    log_density = EXAMPLES["gamma"].formulas.log_density
    wrong = spoiled("gamma", log_density=lambda x, theta, m: log_density(x, theta, m) + m.log(x) / 2)
    with pytest.raises(VerificationError, match="not normalised"):
        verify(wrong)


def test_the_sampler_of_another_law():
    """The map is part of what is proved: twice the scale is another distribution."""
    family = EXAMPLES["gamma"]
    wrong = replace(family, law=replace(family.law, map=lambda z, theta, m: 2 * z / theta[1]))
    with pytest.raises(VerificationError, match="not normalised"):
        verify(wrong)


def test_the_wrong_generating_function():
    family = EXAMPLES["poisson"]
    details = {**family.law.details, "generating": lambda u, theta, m: m.exp(2 * theta[0] * (u - 1))}
    wrong = replace(family, law=replace(family.law, details=details))
    with pytest.raises(VerificationError, match="not normalised"):
        verify(wrong)


def test_the_wrong_ratio():
    family = EXAMPLES["geometric"]
    details = {**family.law.details, "ratio": lambda theta, m: (1 - theta[0], theta[0])}
    wrong = replace(family, law=replace(family.law, details=details))
    with pytest.raises(VerificationError, match="not normalised"):
        verify(wrong)


@pytest.mark.parametrize(
    ("name", "support"), [("normal", Interval(0.0)), ("gamma", Interval()), ("poisson", Integers(1))]
)
def test_a_support_that_the_map_does_not_fill(name, support):
    """Half a normal with the density of a whole one agrees with the base law wherever it lives, and has mass 1/2."""
    wrong = replace(EXAMPLES[name], support=support)
    with pytest.raises(VerificationError, match="not normalised"):
        verify(wrong)


def test_a_count_that_ends_too_early():
    wrong = replace(EXAMPLES["binomial"], support=Integers(0, EXAMPLES["binomial"].constants["n"] - 1))
    with pytest.raises(VerificationError, match="not normalised"):
        verify(wrong)
