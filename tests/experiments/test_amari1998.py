"""Amari 1998 in miniature: what the study claims, on fewer runs."""

import numpy as np
import pytest

from ngtools import families
from ngtools.experiments import amari1998


def test_the_exponential_mean_is_the_running_mean():
    """Steps 1/t along F^-1 score from the first observation; T Var F is that of the sample mean, near 1."""
    draws = np.random.default_rng(0).exponential(2.0, (400, 100))
    found = amari1998.efficiency(families.get("exponential"), "scale", 2.0, None, 0.0, draws)
    assert found == pytest.approx(100 * np.mean((draws.mean(axis=1) - 2) ** 2) / 4, rel=1e-10)
    # 400 runs leave 7 % in a variance
    assert found == pytest.approx(1, abs=0.25)


def test_online_natural_gradient_is_efficient_where_it_is_no_running_mean():
    """Gamma shape 2.3 from 4.0; the plain gradient with the same steps is far from the bound."""
    draws = np.random.default_rng(1).gamma(2.3, 1.0, (400, 500))
    found = amari1998.efficiency(amari1998.gamma_shape(), "shape", 2.3, 4.0, 10.0, draws)
    assert found == pytest.approx(1, abs=0.25)


def test_separation_is_equivariant_for_the_natural_gradient_only():
    """Observed 2e-15 and 0.4."""
    found = amari1998.sample()["separation"]
    assert found["natural"] < 1e-9
    assert found["vanilla"] > 1e-3


def test_the_plateau_is_left_sooner():
    rng = np.random.default_rng(2)
    X = rng.standard_normal((300, 4))
    teacher = np.linalg.qr(rng.standard_normal((4, 2)))[0].T
    start = 0.05 * rng.standard_normal(4) + 1e-3 * rng.standard_normal((2, 4))
    natural = amari1998.plateau(teacher, start, X, 0.5, True, 300)
    vanilla = amari1998.plateau(teacher, start, X, 1.0, False, 300)
    assert 3 * natural <= vanilla
