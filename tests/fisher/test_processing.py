"""Channels, f-divergences and third-order moments."""

import numpy as np
import pytest
from scipy.stats import norm

from ngtools import families, fisher
from ngtools.fisher.channels import binned, normal_location_cdf, through_channel
from ngtools.fisher.f_divergence import GENERATORS, f_divergence
from ngtools.fisher.third_order import cubic

COIN, THREE = families.get("bernoulli"), families.get("categorical", K=3)


def test_noisy_coin():
    # q = e + (1 - 2e) p, so F = (1 - 2e)^2 / (q (1 - q))
    q = 0.1 + 0.8 * 0.3
    found = through_channel(COIN, [0.3], [[0.9, 0.1], [0.1, 0.9]])
    assert found == pytest.approx(np.array([[0.64 / (q * (1 - q))]]), rel=1e-12)


@pytest.mark.parametrize("chart", ["minimal-logits", "probabilities", "logits"])
def test_relabelling_keeps_the_matrix_in_every_chart(chart):
    theta = THREE.convert([0.4, -0.7], to=chart)
    assert through_channel(THREE, theta, np.eye(3)[[2, 0, 1]], chart) == pytest.approx(
        fisher.stated(THREE, theta, chart), rel=1e-12
    )


@pytest.mark.parametrize(
    ("W", "complaint"),
    [
        (np.eye(2), "one row for each of the 3 outcomes"),
        ([[0.5, 0.6], [1, 0], [0, 1]], "probability vector"),
        ([[1.5, -0.5], [1, 0], [0, 1]], "probability vector"),
    ],
)
def test_a_matrix_that_is_no_channel(W, complaint):
    with pytest.raises(ValueError, match=complaint):
        through_channel(THREE, [0.4, -0.7], W)


def test_a_channel_matrix_needs_finitely_many_outcomes():
    with pytest.raises(ValueError, match="finitely many"):
        through_channel(families.get("poisson"), [2.0], np.eye(3))


def test_fine_bins_keep_nearly_everything_and_cuts_must_increase():
    # rounding to a grid of width h loses about h^2/12 of the information of N(mu, 1) (Sheppard)
    assert 1 - binned(normal_location_cdf, [0.2], np.arange(-8, 8.05, 0.1))[0, 0] == pytest.approx(0.01 / 12, rel=0.01)
    with pytest.raises(ValueError, match="increasing"):
        binned(normal_location_cdf, [0.0], [1.0, 1.0])
    assert float(normal_location_cdf(1.3, [0.4])) == pytest.approx(norm.cdf(0.9), rel=1e-6)


PAIRS = [("bernoulli", [0.3], [0.55]), ("poisson", [2.2], [3.1]), ("gamma", [2.1, 1.3], [3.0, 0.9])]


@pytest.mark.parametrize(("name", "p", "q"), PAIRS)
def test_the_two_kl_generators_are_the_two_directions(name, p, q):
    family = families.get(name)
    assert f_divergence(family, p, q, "KL(p||q)") == pytest.approx(float(family.kl(p, q)), rel=1e-9)
    assert f_divergence(family, p, q, "KL(q||p)") == pytest.approx(float(family.kl(q, p)), rel=1e-9)


def test_the_other_generators_by_their_definitions():
    p, q = np.array([0.7, 0.3]), np.array([0.45, 0.55])
    mean = (p + q) / 2
    shannon = (p @ np.log(p / mean) + q @ np.log(q / mean)) / 2
    expected = {
        "squared Hellinger (x 4)": 4 * (1 - np.sqrt(p * q).sum()),
        "chi-squared (x 1/2)": ((q - p) ** 2 / p).sum() / 2,
        "Jensen-Shannon (x 4)": 4 * shannon,
    }
    for name, value in expected.items():
        assert f_divergence(COIN, [0.3], [0.55], name) == pytest.approx(value, rel=1e-12)
    assert set(expected) | {"KL(p||q)", "KL(q||p)"} == set(GENERATORS)
    with pytest.raises(ValueError, match="no f-divergence"):
        f_divergence(COIN, [0.3], [0.55], "total variation")


def test_moments_of_the_exponential_score():
    # rate 1.7: l' = 1/r - x, l'' = -1/r^2, third moment of -(x - 1/r) is -2/r^3
    found = cubic(families.get("exponential"), [1.7], [1.0])
    assert (found.skew, found.bend) == pytest.approx((-2 / 1.7**3, 0.0), rel=1e-10, abs=1e-12)
    # twice the direction: eight times the cubic
    assert cubic(families.get("exponential"), [1.7], [2.0]).skew == pytest.approx(8 * found.skew, rel=1e-10)
    assert found.metric_slope == pytest.approx(-2 / 1.7**3, rel=1e-10)  # of F = 1/r^2


def test_direction_must_match():
    with pytest.raises(ValueError, match="direction must have shape"):
        cubic(families.get("normal"), [0.0, 1.0], [1.0])


def test_third_moments_of_a_normal_in_a_slanted_direction():
    """d = (1, 2) in (mu, sigma), z standard normal: E[(z + 2(z^2 - 1))^3] = 76 and E[(d.psi)(d^T H d)] = -56, over sigma^3."""
    s = 1.3
    found = cubic(families.get("normal"), [0.2, s], [1.0, 2.0])
    assert [found.skew * s**3, found.bend * s**3] == pytest.approx([76, -56], rel=1e-9)
    assert [found.old_new * s**3, found.new_old * s**3] == pytest.approx([(76 - 168) / 6, (152 - 168) / 6], rel=1e-9)
    assert found.ratio == pytest.approx(16 / 92, rel=1e-8)
    # d^T F d = (1 + 2 4) / sigma^2, and sigma grows by 2 a unit of s
    assert found.metric_slope * s**3 == pytest.approx(-2 * 2 * 9, rel=1e-9)


def test_what_never_occurs_carries_no_information():
    """Y = 1 where X = 1 of three outcomes and 0 elsewhere, and a third value that no X gives."""
    p = np.array([0.2, 0.3, 0.5])
    W = [[1, 0, 0], [0, 1, 0], [1, 0, 0]]
    found = through_channel(THREE, p[:2], W, "probabilities")
    # q = (1 - p_1, p_1, 0): only the second coordinate is seen, with 1 / (p (1 - p))
    np.testing.assert_allclose(found, np.diag([0, 1 / (0.3 * 0.7)]), rtol=1e-12, atol=1e-13)
    for shape in ((3,), (2, 2), (3, 2, 1)):
        with pytest.raises(ValueError, match=r"one row for each of the 3 outcomes \(got shape"):
            through_channel(THREE, [0.4, -0.7], np.ones(shape) / 2)
    with pytest.raises(ValueError, match=r"row sums \[1.0, 1.0, 0.9\]"):
        through_channel(THREE, [0.4, -0.7], [[1, 0], [0, 1], [0.5, 0.4]])
    with pytest.raises(ValueError, match=r"row sums \[1.0, 0.123457, 1.0\]"):
        through_channel(THREE, [0.4, -0.7], [[1, 0], [0.1234567, 0], [1, 0]])
    with pytest.raises(ValueError, match="finitely many"):
        through_channel(families.get("normal"), [0.0, 1.0], np.eye(3))


def test_cells_of_a_line_by_hand():
    """Cuts at -1 and 0.5, mean 0.2: dq/dtheta = phi(a - theta) - phi(b - theta)."""
    q = np.diff(norm.cdf([-np.inf, -1.2, 0.3, np.inf]))
    dq = -np.diff(norm.pdf([-np.inf, -1.2, 0.3, np.inf]))
    found = binned(normal_location_cdf, [0.2], [-1.0, 0.5])
    assert found == pytest.approx(np.array([[(dq**2 / q).sum()]]), rel=1e-10)
    for cuts in ([], 0.5, [1.0, 0.0], [[0.0, 1.0]], [0.0, 1.0, 1.0]):
        with pytest.raises(ValueError, match="cuts must be an increasing list"):
            binned(normal_location_cdf, [0.2], cuts)


@pytest.mark.parametrize("off", [2e-8, -2e-8, 5e-9, -5e-9])
def test_rows_of_a_channel_may_be_off_by_rounding(off):
    W = [[0.9, 0.1], [0.2 + off, 0.8]]
    if abs(off) > 1e-8:
        with pytest.raises(ValueError, match="every row of W must be a probability vector"):
            through_channel(COIN, [0.3], W)
    else:
        q = 0.1 * 0.7 + 0.8 * 0.3
        assert through_channel(COIN, [0.3], W) == pytest.approx(np.array([[0.49 / (q * (1 - q))]]), rel=1e-6)


def test_one_cut_keeps_the_sign():
    assert binned(normal_location_cdf, [0.0], [0.0]) == pytest.approx(np.array([[2 / np.pi]]), rel=1e-12)


def test_divergences_where_the_nodes_reach_further_than_either_density():
    # nodes of a Cauchy density go out to 1e137, and those of a uniform one end where it is 0
    cauchy = families.get("cauchy")
    p, q = [0.0, 1.0], [0.5, 2.0]
    expected = np.log((3**2 + 0.5**2) / (4 * 2))  # log(((s + t)^2 + (m - n)^2) / (4 s t))
    assert f_divergence(cauchy, p, q, "KL(p||q)") == pytest.approx(expected, rel=1e-10)
    assert float(cauchy.kl(p, q)) == pytest.approx(expected, rel=1e-10)


def test_divergences_of_vectors():
    """KL between N(m, S) and N(n, S) is (m - n)^T S^-1 (m - n) / 2, either way round."""
    import jax

    from ngtools.fisher.divergence import kl_on_nodes
    from ngtools.fisher.expectation import nodes_of

    S, m, n = np.array([[2.0, 0.6], [0.6, 1.0]]), np.array([0.5, -1.0]), np.array([0.8, -0.6])
    plane = families.get("multivariate-normal", d=2, covariance=S)
    expected = (m - n) @ np.linalg.solve(S, m - n) / 2
    for name in ("KL(p||q)", "KL(q||p)"):
        assert f_divergence(plane, m, n, name) == pytest.approx(expected, rel=1e-10)
    nodes = nodes_of(plane, m, None)
    with jax.enable_x64(True):
        found = kl_on_nodes(plane, None)(nodes.x, nodes.weights, m, n)
    assert float(found) == pytest.approx(expected, rel=1e-10)
