"""Balls that cannot be closed, and what is said of them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ngtools import families, geometry

NORMAL, THREE = families.get("normal"), families.get("categorical", K=3)
FAIR = [1 / 3, 1 / 3]


def test_shapes():
    F = NORMAL.fisher([0.5, 1.2])
    assert geometry.ellipse(F, [0.5, 1.2], 0.1).shape == (200, 2)
    assert geometry.kl_ball(NORMAL, [0.5, 1.2], 0.1).shape == (200, 2)
    assert geometry.ellipse(F, [0.5, 1.2], 0.1, 2).shape == (2, 2)
    assert geometry.kl_ball(NORMAL, [0.5, 1.2], 0.1, points=2).shape == (2, 2)


def test_an_ellipse_has_its_points_where_the_angles_are():
    ring = geometry.ellipse([[4.0, 0.0], [0.0, 1.0]], [1.0, -1.0], 0.5, 5)  # half axes sqrt(2 c / F_ii)
    assert ring == pytest.approx(np.array([[1.5, -1], [1, 0], [0.5, -1], [1, -2], [1.5, -1]]), abs=1e-12)
    assert ring[0].tolist() == ring[-1].tolist()
    # F = L L^T: the direction of the first angle is L^{-T} e_1
    F = np.array([[4.0, 2.0], [2.0, 5.0]])
    first = geometry.ellipse(F, [0.0, 0.0], 0.5, 3)[0]
    assert first == pytest.approx(np.linalg.solve(np.linalg.cholesky(F).T, [1.0, 0.0]))


@pytest.mark.parametrize("shape", [geometry.ellipse, geometry.kl_ball])
def test_arguments(shape):
    def make(c=0.1, points=10):
        return shape(np.eye(2) if shape is geometry.ellipse else NORMAL, [0.0, 1.0], c, points=points)

    with pytest.raises(ValueError, match=r"c must be > 0 \(got 0\.0\)"):
        make(c=0.0)
    with pytest.raises(ValueError, match=r"points must be at least 2 \(got 1\)"):
        make(points=1)
    assert len(make(c=1e-3, points=3)) == 3


def test_what_has_no_ball():
    with pytest.raises(ValueError, match=r"drawn for two parameters \(theta has shape \(3,\)\)"):
        geometry.ellipse(np.eye(3), [0.0, 0.0, 0.0], 0.1)
    with pytest.raises(ValueError, match=r"F is singular, rank 1 of 2; .*unbounded in that direction"):
        geometry.ellipse([[1.0, 1.0], [1.0, 1.0]], [0.0, 0.0], 0.1)
    with pytest.raises(ValueError, match=r"must be 'old-new' .* or 'new-old' \(got 'both'\)"):
        geometry.kl_ball(NORMAL, [0.0, 1.0], 0.1, direction="both")


def test_a_level_that_the_divergence_does_not_reach():
    # KL(new || old) is at most log 3 where old is uniform
    with pytest.raises(
        ValueError,
        match=r"level c = 1\.2 is not reached from theta = \[0\.0, 0\.0\] in the direction "
        r"\[-?\d\.\d{1,4}, -?\d\.\d{1,4}\]: the divergence is bounded there; take a smaller c",
    ):
        geometry.kl_ball(THREE, [0.0, 0.0], 1.2, chart="minimal-logits", direction="new-old", points=5)


def test_a_ball_that_meets_the_edge_names_the_worst_place():
    # on the edges of the simplex KL(new || uniform) is between log(3/2), half way, and log 3
    with pytest.raises(ValueError, match="radius 0.5 meets the edge of the domain near ") as refused:
        geometry.kl_ball(THREE, FAIR, 0.5, chart="probabilities", direction="new-old", points=181)
    near = np.array(json.loads(str(refused.value).split("near ")[1].split(";")[0]))
    p = np.append(near, 1 - near.sum())
    assert np.sort(p) == pytest.approx([0, 0.5, 0.5], abs=0.02)


@pytest.mark.parametrize("direction", ["old-new", "new-old"])
def test_a_ball_far_from_small_is_the_first_crossing(direction):
    # from the uniform distribution: far in some directions, near in others
    ring = geometry.kl_ball(THREE, [0.0, 0.0], 0.35, chart="minimal-logits", direction=direction, points=24)
    order = (lambda p: ([0.0, 0.0], p)) if direction == "old-new" else (lambda p: (p, [0.0, 0.0]))
    for point in ring:
        levels = [THREE.kl(*order(list(share * point)), chart="minimal-logits") for share in (0.25, 0.5, 0.9, 1.0)]
        assert levels[:3] == sorted(levels[:3])
        assert levels[2] < 0.35
        assert levels[3] == pytest.approx(0.35, rel=1e-9)
