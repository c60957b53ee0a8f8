"""A stated fact that is changed is found out: every Fisher entry, divergence, distance, density and chart map.

The change is made in the record that all tests share (``families.get`` returns one record a name), and the judges that
know nothing of the stated fact must disagree.  A change is one part in a thousand, or a sign.  `make test` draws some;
TEETH=all tries every family, chart and entry.
"""

import contextlib
import itertools
import os
import random

import jax
import numpy as np
import pytest

from ngtools import families, fisher, geometry
from ngtools.engines import NUMPY

EVERYTHING = os.environ.get("TEETH") == "all"
REGULAR = [family for family in families.examples() if "all" not in family.irregular]
CHARTS = [(family, chart) for family in REGULAR for chart in family.charts]


def drawn(cases, count):
    """All cases, or a seeded few of different families."""
    cases = list(cases)
    if EVERYTHING:
        return cases
    random.Random(0).shuffle(cases)
    first = {}
    for case in cases:
        first.setdefault(case[0].name if isinstance(case, tuple) else case.name, case)
    return list(first.values())[:count]


@contextlib.contextmanager
def changed(record, field, change):
    """The fact ``field`` of a frozen record, changed for a while."""
    stated = getattr(record, field)
    object.__setattr__(record, field, change(stated))
    try:
        yield
    finally:
        object.__setattr__(record, field, stated)


# -- Fisher matrices ------------------------------------------------------------------------------------------------


def home_size(family):
    point = family.points_in(family.charts[0])[0]
    return len(family.chart().to_home(tuple(point), NUMPY))


def entries(family):
    size = home_size(family)
    return [(i, j) for i in range(size) for j in range(i, size)]


def with_entry(i, j, how):
    def change(formula):
        def spoilt(theta, m):
            F = formula(theta, m)
            rows = [[F[a, b] for b in range(F.shape[1])] for a in range(F.shape[0])]
            small = 1e-3 * m.sqrt(rows[i][i] * rows[j][j])  # one part in a thousand of what an entry can be
            for a, b in {(i, j), (j, i)}:
                rows[a][b] = -rows[a][b] if how == "sign" else rows[a][b] + small
            return m.matrix(rows)

        return spoilt

    return change


def whole(family, chart):
    """Whether a chart covers its family: one of a part need not see every entry."""
    return family.dimension(chart) == home_size(family)


def can_turn(family, chart, i, j):
    """Whether an entry is not zero, so that it has a sign."""
    home = family.chart(chart).to_home(tuple(family.points_in(chart)[0]), NUMPY)
    return abs(np.asarray(family.formulas.fisher(home, NUMPY))[i, j]) > 1e-12


FISHER = [
    (family, chart, i, j, how)
    for family, chart in CHARTS
    if whole(family, chart)
    for i, j in entries(family)
    for how in ("thousandth", "sign")
    if how == "thousandth" or can_turn(family, chart, i, j)
]


@pytest.mark.parametrize(
    ("family", "chart", "i", "j", "how"), drawn(FISHER, 8), ids=lambda part: getattr(part, "name", None)
)
def test_an_entry_of_a_fisher_matrix(family, chart, i, j, how):
    theta = family.points_in(chart)[0]
    with changed(family.formulas, "fisher", with_entry(i, j, how)):
        found = fisher.agreement(family, theta, chart)
    assert not found.agree
    # each judge says so, none of them reads the statement
    assert all(difference > found.tolerance for difference in found.differences.values())
    assert fisher.agreement(family, theta, chart).agree


# -- divergences, densities, distances ------------------------------------------------------------------------------

# the nodes integrate smooth functions: a divergence with a kink (Laplace) has reference values instead
WITH_KL = [f for f in REGULAR if f.formulas.kl is not None and not f.rows and f.kl_smooth]


def integrated_kl(family, first, second):
    """KL by the family's own log density, summed or integrated on nodes made for it: not the stated formula."""
    from ngtools.fisher.divergence import kl_on_nodes
    from ngtools.fisher.expectation import nodes_of

    nodes = nodes_of(family, np.asarray(first, float), None)
    with jax.enable_x64(True):
        weights = jax.numpy.asarray(nodes.weights)
        points = (jax.numpy.asarray(np.asarray(theta, float)) for theta in (first, second))
        return float(kl_on_nodes(family, None)(nodes.x, weights, *points))


SYMMETRIC = ("cauchy",)  # a divergence that is the same in both directions
KL = [
    (family, how)
    for family in WITH_KL
    for how in ("thousandth", "sign", "direction")
    if not (how == "direction" and family.name in SYMMETRIC)
]


@pytest.mark.parametrize(("family", "how"), drawn(KL, 6), ids=lambda part: getattr(part, "name", part))
def test_a_divergence(family, how):
    first, second = family.points_in(family.charts[0])[:2]
    second = first + 0.2 * (second - first)  # near enough for the nodes of the first

    def change(kl):
        if how == "direction":
            return lambda a, b, m: kl(b, a, m)
        factor = 1.001 if how == "thousandth" else -1.0
        return lambda a, b, m: factor * kl(a, b, m)

    judge = integrated_kl(family, first, second)
    stated = float(family.kl(first, second))
    assert stated == pytest.approx(judge, rel=1e-7)
    with changed(family.formulas, "kl", change):
        spoilt = float(family.kl(first, second))
    assert spoilt != pytest.approx(judge, rel=1e-7)


DENSITIES = [(family, how) for family in REGULAR if not family.rows for how in ("mass", "score")]


@pytest.mark.parametrize(("family", "how"), drawn(DENSITIES, 3), ids=lambda part: getattr(part, "name", part))
def test_a_log_density(family, how):
    """Mass 1.001, or a score that is one part in a thousand too long: the expectations that need neither disagree."""
    theta = family.points_in(family.charts[0])[0]

    def change(log_density):
        if how == "mass":
            return lambda x, home, m: log_density(x, home, m) + 1e-3
        return lambda x, home, m: 1.001 * log_density(x, home, m)

    spoilt = families.Family(**{name: getattr(family, name) for name in family.__dataclass_fields__})
    formulas = families.Formulas(
        **{name: getattr(family.formulas, name) for name in family.formulas.__dataclass_fields__}
        | {"log_density": change(family.formulas.log_density)}
    )
    object.__setattr__(spoilt, "formulas", formulas)
    with pytest.raises((ValueError, ArithmeticError, AssertionError)):
        # a density of another mass is refused by the quadrature; one that passes is told by the stated matrix
        assert fisher.agreement(spoilt, theta).agree


DISTANCES = [family for family in REGULAR if family.formulas.distance is not None and family.dimension() <= 2]


@pytest.mark.parametrize("family", drawn(DISTANCES, 4), ids=lambda family: family.name)
def test_a_distance(family):
    first, second = family.points_in(family.charts[0])[:2]
    second = first + 1e-3 * (second - first)
    step = second - first
    F = family.fisher((first + second) / 2)
    length = float(np.sqrt(step @ F @ step))  # the chord: third order in the step, 1e-6 relative here
    assert geometry.distance(family, first, second).value == pytest.approx(length, rel=1e-4)
    with changed(family.formulas, "distance", lambda formula: lambda a, b, m: 1.001 * formula(a, b, m)):
        assert geometry.distance(family, first, second).value != pytest.approx(length, rel=1e-4)


# -- charts ---------------------------------------------------------------------------------------------------------

MAPS = [
    (family, chart, direction)
    for family, chart in CHARTS
    for direction in ("to_home", "from_home")
    if chart != family.charts[0]
]


@pytest.mark.parametrize(
    ("family", "chart", "direction"), drawn(MAPS, 10), ids=lambda part: getattr(part, "name", part)
)
def test_a_map_of_a_chart(family, chart, direction):
    """One coordinate too long by one part in a thousand: what goes there does not come back."""
    record = family.chart(chart)
    theta = record.check(family.points_in(chart)[0])

    def round_trip():
        home = record.to_home(tuple(theta), NUMPY)
        return np.array([float(entry) for entry in record.from_home(tuple(home), NUMPY)])

    def change(image):
        return lambda place, m: tuple(1.001 * entry for entry in image(place, m))

    redundant = record.dimension > family.dimension()

    def away():
        back = round_trip()
        shift = (back - back[-1]) - (theta - theta[-1]) if redundant else back - theta
        return float(np.abs(shift).max())

    assert away() < 1e-9 * (1 + np.abs(theta).max())
    with changed(record, direction, change):
        assert away() > 1e-5 * np.abs(theta).max()


def test_the_sample_covers_every_kind_of_family():
    """The seeded few are drawn from all: discrete and continuous, one and several coordinates."""
    names = {family.name for family, *_ in itertools.chain(drawn(FISHER, 8), drawn(KL, 6), drawn(MAPS, 10))}
    assert len(names) > 8
