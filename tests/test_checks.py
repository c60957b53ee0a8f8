"""What a numeric argument must be: every kind of wrong one is told apart, and what is right passes through unchanged."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.checks import metric, number, real_array, whole_number


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ([1, 2], None),
        (3.0, ()),
        ([[1, 2], [3, 4]], ("n", 2)),
        ([[1.0, 2.0, 3.0]], (1, "d")),
        ([[1, 2], [3, 4]], ("d", "d")),
        (np.ones((2, 3, 2)), ("a", 3, "a")),
        (np.array([1, 2], np.uint8), ("n",)),
        ([], (0,)),
        ([5.0], ("n",)),
        (np.ones((2, 3, 2, 4)), ("a", "b", "a", "c")),
        (jnp.ones(2), (2,)),
    ],
)
def test_real_arrays_pass_as_float64(value, shape):
    found = real_array(value, "x", shape)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, np.asarray(value))


@pytest.mark.parametrize(
    ("value", "shape", "error", "message"),
    [
        ([[1, 2], [3]], None, ValueError, "x must be an array of numbers: "),
        ([True, False], None, TypeError, "x must hold real numbers (got dtype bool)"),
        ([1j], None, TypeError, "x must hold real numbers (got dtype complex128)"),
        (["a"], None, TypeError, "x must hold real numbers (got dtype <U1)"),
        ([1.0, 2.0], (3,), ValueError, "x must have shape (3,) (got (2,)); no broadcasting is done"),
        ([1.0, 2.0], (2, "n"), ValueError, "x must have shape (2, n) (got (2,)); no broadcasting is done"),
        ([1.0, 2.0], (2, 3), ValueError, "x must have shape (2, 3) (got (2,)); no broadcasting is done"),
        ([[1.0], [2.0]], (2,), ValueError, "x must have shape (2,) (got (2, 1)); no broadcasting is done"),
        ([1.0, 2.0], (), ValueError, "x must have shape () (got (2,)); no broadcasting is done"),
        (np.nan, (), ValueError, "x contains nan at index ()"),
        ([], ("n",), ValueError, "x must have shape (n,) (got (0,)); no broadcasting is done"),
        (np.ones((2, 3)), ("d", "d"), ValueError, "x must have shape (d, d) (got (2, 3)); no broadcasting is done"),
        (np.ones((3, 2)), (2, 2), ValueError, "x must have shape (2, 2) (got (3, 2)); no broadcasting is done"),
        (np.ones((2, 1, 3)), ("a", "b", "a"), ValueError, "x must have shape (a, b, a) (got (2, 1, 3)); no"),
        ([0.0, 1.0, np.nan], None, ValueError, "x contains nan at index 2"),
        ([np.inf, np.nan, 1.0], None, ValueError, "x contains inf at index 0"),
        ([[0.0, 1.0], [-np.inf, np.nan]], None, ValueError, "x contains -inf at index (1, 0)"),
    ],
)
def test_arrays_that_are_refused(value, shape, error, message):
    with pytest.raises(error) as told:
        real_array(value, "x", shape)
    assert str(told.value).startswith(message)


def test_a_metric_is_symmetric_and_positive_whatever_its_units():
    A = np.array([[4.0, 1.0], [1.0, 2.0]])
    np.testing.assert_array_equal(metric(A, "F", 2), A)
    units = np.diag([1e-9, 1e9])
    np.testing.assert_array_equal(metric(units @ A @ units, "F"), units @ A @ units)
    # an asymmetry of 1e-8 of the largest entry is rounding
    off = np.array([[4.0, 1.0 + 3.9e-8], [1.0, 2.0]])
    np.testing.assert_array_equal(metric(off, "F"), off)
    whole = np.array([[1e8, 1.0], [0.0, 1e8]])  # exactly that much
    np.testing.assert_array_equal(metric(whole, "F"), whole)
    with pytest.raises(ValueError, match=r"F is not symmetric: max \|F - F\^T\| = 4.1e-08"):
        metric([[4.0, 1.0 + 4.1e-8], [1.0, 2.0]], "F")
    with pytest.raises(ValueError, match=r"F is not symmetric: max \|F - F\^T\| = 4.1e-08"):
        metric([[4.0, 1.0], [1.0 + 4.1e-8, 2.0]], "F")
    for wrong, lowest in (
        ([[1.0, 2.0], [2.0, 1.0]], "-1"),
        ([[1.0, 0.0], [0.0, -3.0]], "-3"),
        ([[0.0, 0.0], [0.0, 1.0]], "0"),
        ([[0.0, 1.0], [1.0, 0.0]], "-1"),
        ([[-2.0, 0.0], [0.0, 1.0]], "-2"),
        ([[1.0, 1.0], [1.0, 1.0]], ""),
        ([[-1.0]], "-1"),
        ([[0.0]], "0"),
    ):
        with pytest.raises(ValueError, match=rf"F must be positive definite \(min eigenvalue {lowest}"):
            metric(wrong, "F")
    with pytest.raises(ValueError, match=r"F must have shape \(3, 3\) \(got \(2, 2\)\)"):
        metric(A, "F", 3)
    with pytest.raises(ValueError, match=r"F must have shape \(d, d\) \(got \(2, 3\)\)"):
        metric(np.ones((2, 3)), "F")


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int64(2), np.array(2.0), jnp.asarray(2.0)])
def test_a_number_is_returned_as_a_float(value):
    found = number(value, "x", above=1, least=2, below=2.5)
    assert found == 2
    assert type(found) is float


@pytest.mark.parametrize(
    "value",
    [True, np.bool_(True), "2", None, 2j, np.complex64(2), [2.0], np.ones(1), np.ones((1, 1)), np.array("2"), object()],
)
def test_what_is_no_number(value):
    with pytest.raises(TypeError, match="x must be one number"):
        number(value, "x")


@pytest.mark.parametrize(
    ("value", "limits", "message"),
    [
        (0.0, {"above": 0}, "x must be > 0 (got 0.0)"),
        (-1, {"above": 0}, "x must be > 0 (got -1)"),
        (1.0, {"below": 1}, "x must be < 1 (got 1.0)"),
        (0.5, {"least": 1}, "x must be >= 1 (got 0.5)"),
        (2.0, {"above": 0, "below": 1}, "x must be > 0 and < 1 (got 2.0)"),
        (2.0, {"least": 0, "below": 1}, "x must be >= 0 and < 1 (got 2.0)"),
        (np.inf, {}, "x must be finite (got inf)"),
        (-np.inf, {}, "x must be finite (got -inf)"),
        (np.nan, {"above": 0.5}, "x must be > 0.5 and finite (got nan)"),
        (np.inf, {"above": 0}, "x must be > 0 and finite (got inf)"),
    ],
)
def test_numbers_out_of_range(value, limits, message):
    with pytest.raises(ValueError) as told:
        number(value, "x", **limits)
    assert str(told.value) == message


def test_limits_of_a_number_belong_to_its_range_or_not():
    assert number(1, "x", least=1) == 1
    assert number(np.nextafter(0, 1), "x", above=0) > 0
    assert number(np.nextafter(1, 0), "x", below=1) < 1
    assert number(-1e300, "x") == -1e300


def test_whole_numbers():
    assert [whole_number(n, "n") for n in (1, np.int32(5))] == [1, 5]
    assert whole_number(0, "n", least=0) == 0
    assert type(whole_number(np.int32(5), "n")) is int
    for wrong in (True, False, 2.0, "2", None, np.float64(2)):
        with pytest.raises(TypeError, match="n must be a whole number"):
            whole_number(wrong, "n")
    for value, least in ((0, 1), (-1, 0), (2, 3)):
        with pytest.raises(ValueError, match=rf"n must be at least {least} \(got {value}\)"):
            whole_number(value, "n", least)
    with pytest.raises(ValueError, match="n must be at least 1"):
        whole_number(0, "n")
