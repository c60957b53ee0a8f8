"""The Fisher-Rao distance of multivariate normals, inside a submodel and in the whole family."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg as sl

from ngtools import families, geometry

MVN = families.get("multivariate-normal", d=2)
A, B = [1.5, 0.4, 0.8], [1.0, -0.3, 1.2]


def matrix(entries):
    return np.array([[entries[0], entries[1]], [entries[1], entries[2]]])


@pytest.mark.parametrize("chart", ["covariance", "cholesky"])
def test_fixed_mean_has_the_affine_invariant_distance(chart):
    ends = [np.linalg.cholesky(matrix(e))[np.tril_indices(2)] if chart == "cholesky" else e for e in (A, B)]
    logs = np.log(sl.eigvalsh(matrix(A), matrix(B)))
    found = geometry.distance(MVN, *ends, chart=chart)
    # the end point is met to 1e-10 of the distance
    assert found.value == pytest.approx(np.sqrt(np.sum(logs**2) / 2), rel=1e-8)
    assert found.residual < 1e-9


def test_the_whole_family_offers_shorter_paths_than_a_part():
    inside = geometry.distance(MVN, [0.0, 0.0, *A], [0.3, 0.1, *A], chart="mean-covariance")
    part = families.get("multivariate-normal", d=2, covariance=matrix(A).tolist())
    straight = geometry.distance(part, [0.0, 0.0], [0.3, 0.1], chart="mean")
    assert straight.value == pytest.approx(np.sqrt([0.3, 0.1] @ np.linalg.solve(matrix(A), [0.3, 0.1])), rel=1e-12)
    assert 0.9 * straight.value < inside.value < straight.value * (1 - 1e-4)
