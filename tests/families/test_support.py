"""Supports: what is inside, which point is safely inside, and that they are values."""

import dataclasses
import math

import numpy as np
import pytest

from ngtools import families
from ngtools.families.support import Circle, Integers, Interval, Simplex, Vector

INSIDE = [
    (Interval(), [-1e300, 0.0, 1e300], [math.inf, -math.inf, math.nan]),
    (Interval(0.0), [1e-300, 5.0], [0.0, -1.0, math.inf, math.nan]),
    (Interval(upper=-2.0), [-3.0, -1e9], [-2.0, 0.0, math.nan]),
    (Interval(0.0, 1.0), [1e-9, 0.5], [0.0, 1.0, 1.5]),
    (Integers(0), [0, 1, 10**9], [-1, 0.5, math.nan]),
    (Integers(2, 5), [2, 3, 5], [1, 6, 2.5]),
    (Integers(-math.inf, 3), [3, 0, -7], [4, 0.5]),
    (Circle(), [0.0, 100.0, -7.0], [math.inf, -math.inf, math.nan]),
]


@pytest.mark.parametrize(("support", "inside", "outside"), INSIDE, ids=lambda value: str(value)[:24])
def test_what_is_inside(support, inside, outside):
    assert support.contains(np.array(inside)).all()
    assert not support.contains(np.array(outside)).any()
    assert support.contains(np.array([support.inside])).all()


def test_the_safe_point_is_well_inside():
    assert Interval(0.0, 1.0).inside == 0.5
    assert Interval(2.0).inside == 3.0
    assert Interval(upper=-4.0).inside == -5.0
    assert Interval().inside == Interval(upper=8.0).inside == Circle().inside == 0.0
    assert Integers(3).inside == 3
    assert Integers(-math.inf, -2).inside == -2
    assert Integers(-math.inf).inside == 0
    assert Simplex(4).inside == 0.25
    assert Vector(3, Interval(1.0)).inside == 2.0


def test_a_simplex_sums_to_one_as_far_as_its_precision_goes():
    for dtype, slack in ((np.float64, 1e-8), (np.float32, 1e-5)):
        for share, expected in ((0.3, True), (0.3 + 0.5 * slack, True), (0.3 + 2 * slack, False)):
            assert Simplex(3).contains(np.array([0.2, 0.5, share], dtype)) == expected
    assert not Simplex(3).contains(np.array([0.0, 0.5, 0.5]))
    assert Simplex(2).contains(np.array([[0.5, 0.5], [0.6, 0.6]])).tolist() == [True, False]


def test_a_vector_is_inside_if_each_entry_is():
    assert Vector(2, Integers(0)).contains(np.array([[0, 3], [1, -1]])).tolist() == [True, False]
    assert Vector(2).each == Interval()


@pytest.mark.parametrize("support", [Circle(), Interval(0.0), Integers(1, 4), Simplex(3), Vector(2)], ids=str)
def test_supports_are_values(support):
    assert support == dataclasses.replace(support)
    assert hash(support) == hash(dataclasses.replace(support))
    assert type(support).__name__ in repr(support)
    for field in dataclasses.fields(support):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(support, field.name, None)


def test_labels_of_a_logistic_regression_are_0_and_1():
    assert families.get("logistic-regression", X=[[1.0], [2.0]]).support == Vector(2, Integers(0, 1))
