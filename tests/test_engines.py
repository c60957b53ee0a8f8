"""Each word of the vocabulary means the same in SymPy, NumPy and JAX, and each against an outside reference."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from ngtools.engines import JAX, NUMPY, SYMPY, engine_of

# one reference value a word, from the standard library or from a sum that defines the function
_X = 0.7
UNARY = {
    "log": math.log(_X),
    "log1p": math.log1p(_X),
    "exp": math.exp(_X),
    "sqrt": math.sqrt(_X),
    "abs": _X,
    "sign": 1.0,
    "sin": math.sin(_X),
    "cos": math.cos(_X),
    "arcsin": math.asin(_X),
    "softplus": math.log(1 + math.exp(_X)),
    "sigmoid": 1 / (1 + math.exp(-_X)),
    "loggamma": math.lgamma(_X),
    "digamma": (math.lgamma(_X + 1e-5) - math.lgamma(_X - 1e-5)) / 2e-5,
    "trigamma": sum(1 / (_X + k) ** 2 for k in range(200_000)) + 1 / (_X + 200_000 - 0.5),
    "log_i0": math.log(sum((_X / 2) ** (2 * k) / math.factorial(k) ** 2 for k in range(20))),
    "i1_over_i0": sum((_X / 2) ** (2 * k + 1) / (math.factorial(k) * math.factorial(k + 1)) for k in range(20))
    / sum((_X / 2) ** (2 * k) / math.factorial(k) ** 2 for k in range(20)),
}
# the digamma reference is a central difference, good to h^2
TOLERANCE = {"digamma": 1e-8}


@pytest.mark.parametrize("word", UNARY)
def test_word_in_three_readings(word):
    tolerance = TOLERANCE.get(word, 1e-12)
    assert float(getattr(SYMPY, word)(sp.Rational(7, 10))) == pytest.approx(UNARY[word], rel=tolerance)
    assert float(getattr(NUMPY, word)(_X)) == pytest.approx(UNARY[word], rel=tolerance)
    with jax.enable_x64(True):
        assert float(getattr(JAX, word)(jnp.asarray(_X))) == pytest.approx(UNARY[word], rel=tolerance)


@pytest.mark.parametrize("engine", [SYMPY, NUMPY, JAX], ids=repr)
def test_words_of_several_arguments(engine):
    with jax.enable_x64(True):
        a, b = (sp.Rational(1, 3), sp.Rational(3, 4)) if engine is SYMPY else (1 / 3, 3 / 4)
        assert float(engine.logsumexp([a, b])) == pytest.approx(math.log(math.exp(1 / 3) + math.exp(3 / 4)), rel=1e-14)
        assert float(engine.pick([a, b], 1)) == 0.75
        assert float(engine.ratio(1, 2)) == 0.5
        assert float(engine.pi) == pytest.approx(math.pi, rel=1e-15)
        assert float(engine.euler) == pytest.approx(0.5772156649015329, rel=1e-15)
        A = engine.matrix([[2 * a, b], [b, 3 * a]])
        det = 2 / 3 - 9 / 16
        assert float(engine.det(A)) == pytest.approx(det, rel=1e-14)
        solved = engine.solve(A, engine.vector([a, b]))
        expected = [(1 / 3 - 9 / 16) / det, (2 / 3 * 3 / 4 - 3 / 4 / 3) / det]
        assert [float(entry) for entry in solved] == pytest.approx(expected, rel=1e-13)
        _, right = engine.pair(a)
        assert float(right) == pytest.approx(2 / 3, rel=1e-15)
        assert engine.pair((a, b)) == (a, b)


def test_sympy_stays_exact():
    assert SYMPY.ratio(1, 2) == sp.Rational(1, 2)
    assert not SYMPY.log(SYMPY.ratio(1, 2) + SYMPY.pi).has(sp.Float)


def test_pick_of_an_unknown_index_is_piecewise():
    a, b, i = sp.symbols("a b i")
    assert SYMPY.pick([a, b], i).subs(i, 1) == b


def test_engine_of_looks_into_sequences_and_tracers():
    assert engine_of(1.0, np.ones(2)) is NUMPY
    assert engine_of([1.0, sp.Symbol("x")]) is SYMPY
    assert engine_of((1.0, (jnp.ones(1),))) is JAX
    assert jax.jit(lambda x: jnp.float32(engine_of(x) is JAX))(1.0) == 1.0


def test_importing_changes_no_global_state():
    # every test of this suite imports ngtools, so 64 bits would be on here if an import switched it on
    import ngtools.fisher

    assert not jax.config.jax_enable_x64
    ngtools.fisher.by_score  # noqa: B018
    assert jnp.ones(1).dtype == jnp.float32


def test_sympy_writes_the_sum_of_cancelled_exponentials_as_a_probability():
    p, a, b = sp.symbols("p a b", positive=True)
    assert SYMPY.softplus(sp.log(p / (1 - p))) == -sp.log(1 - p)
    assert SYMPY.logsumexp([sp.log(a), sp.log(b)]) == -sp.log(1 / (a + b))
    assert SYMPY.softplus(p) == sp.log(1 + sp.exp(p))  # nothing cancels


def test_where_and_component_of_many_observations():
    x, y = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), sp.symbols("y")
    for engine in (NUMPY, JAX):
        assert engine.component(x, 1).tolist() == [2.0, 5.0]
        assert engine.where(x > 2, x, -x)[0].tolist() == [-1.0, -2.0, 3.0]
    assert isinstance(NUMPY.where(True, 1.5, 0.5), float)  # a number of one observation stays one
    assert SYMPY.component([1, 2, 3], 1) == 2
    step = SYMPY.where(y > 2, 7, 9)
    assert (step.subs(y, 3), step.subs(y, 2)) == (7, 9)


@pytest.mark.parametrize("engine", [NUMPY, JAX], ids=repr)
def test_words_work_entry_by_entry(engine):
    """Two observations of three parameters, of which some are numbers; an index for each observation."""
    entries = [np.array([0.1, 0.2]), 0.5, np.array([-1.0, 2.0])]
    with jax.enable_x64(True):
        total = [math.log(sum(math.exp(v) for v in row)) for row in ((0.1, 0.5, -1.0), (0.2, 0.5, 2.0))]
        assert engine.logsumexp(entries).tolist() == pytest.approx(total, rel=1e-14)
        assert engine.vector(entries).tolist() == [[0.1, 0.2], [0.5, 0.5], [-1.0, 2.0]]
        assert engine.pick([0.3, 0.4, 0.5], np.array([2.0, 0.0])).tolist() == [0.5, 0.3]


@pytest.mark.parametrize("engine", [NUMPY, JAX], ids=repr)
def test_words_keep_their_digits_far_out(engine):
    """log I0(x) = x - log(2 pi x)/2 + 1/(8 x) + 9/(128 x^2) + ..., and log(e^x + e^y) where exp overflows."""
    x = 1e4
    with jax.enable_x64(True):
        expected = x - math.log(2 * math.pi * x) / 2 + 1 / (8 * x)
        for sign in (1, -1):
            assert float(engine.log_i0(sign * x)) == pytest.approx(expected, abs=2e-9)
        assert float(engine.i1_over_i0(x)) == pytest.approx(1 - 1 / (2 * x) - 1 / (8 * x**2), rel=1e-12)
        assert float(engine.softplus(x)) == x
        assert float(engine.logsumexp([x, x])) == pytest.approx(x + math.log(2), rel=1e-15)
        assert float(engine.sigmoid(-700.0)) == pytest.approx(math.exp(-700), rel=1e-12, abs=0)


def test_engines_are_shown_by_their_names():
    assert [repr(engine) for engine in (SYMPY, NUMPY, JAX)] == ["SYMPY", "NUMPY", "JAX"]


def test_engine_of_meets_the_first_jax_array_among_symbols():
    symbol, array = sp.Symbol("x"), jnp.ones(1)
    assert engine_of() is NUMPY
    assert engine_of(symbol, array) is engine_of([symbol], [array]) is JAX
    assert engine_of([symbol], 1.0, [2.0]) is SYMPY
    assert engine_of(sp.Matrix([1]), 2) is SYMPY
