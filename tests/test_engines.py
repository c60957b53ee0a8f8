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
