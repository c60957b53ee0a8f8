"""Programs compiled for a short run: the same answers, alone, under vmap and within a program of the caller's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools import compiling


@pytest.fixture
def options_anew():
    compiling.options.cache_clear()
    yield
    compiling.options.cache_clear()


def power(n, x):
    return jnp.sum(jnp.sin(x) ** n)


def test_the_answer_is_that_of_the_function():
    x = np.linspace(0, 1, 5, dtype=np.float32)
    quick, expected = compiling.compiled_quickly(power, (0,)), float(np.sum(np.sin(x) ** 3))
    assert float(quick(3, x)) == pytest.approx(expected, rel=1e-6)
    # options there would be an error
    assert float(jax.jit(lambda x: quick(3, x))(x)) == pytest.approx(expected, rel=1e-6)
    assert float(jax.vmap(lambda x: quick(3, x))(x[:, None]).sum()) == pytest.approx(expected, rel=1e-6)


def test_what_runs_once_is_not_optimised(monkeypatch):
    told, jit = [], jax.jit
    monkeypatch.setattr(jax, "jit", lambda *args, **settings: told.append(settings) or jit(*args, **settings))
    x = np.linspace(0, 1, 5, dtype=np.float32)
    found = compiling.compiled_once(power, (0,))(3, x)
    assert float(found) == pytest.approx(float(np.sum(np.sin(x) ** 3)), rel=1e-6)
    assert told[0]["compiler_options"] == {"xla_backend_optimization_level": 0}


def test_seeds_side_by_side_keep_the_options(monkeypatch):
    told, jit = [], jax.jit
    monkeypatch.setattr(jax, "jit", lambda *args, **settings: told.append(settings) or jit(*args, **settings))
    quick = compiling.compiled_quickly(power, (0,))
    told.clear()
    jax.vmap(lambda x: quick(3, x))(np.ones((2, 4)))
    assert [settings["compiler_options"] for settings in told] == [compiling.options()]


def test_an_error_of_the_function_itself_goes_on():
    def broken(x):
        raise ValueError("no such batch")

    with pytest.raises(ValueError, match="no such batch"):
        compiling.compiled_quickly(broken)(1.0)


def test_xla_is_told_what_it_knows(options_anew):
    assert compiling.options() in compiling.CHOICES


def test_an_option_that_is_gone_is_passed_over(options_anew, monkeypatch):
    known = compiling.CHOICES[-1]
    monkeypatch.setattr(compiling, "CHOICES", ({"xla_no_such_option": 1}, known))
    assert compiling.options() == known
    compiling.options.cache_clear()
    monkeypatch.setattr(compiling, "CHOICES", ({"xla_no_such_option": 1},))
    assert compiling.options() == {}


@pytest.mark.parametrize("backend", ["gpu", "tpu", "METAL"])
def test_other_machines_keep_their_options(options_anew, monkeypatch, backend):
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    assert compiling.options() == {}


def test_the_choices_are_those_that_were_measured():
    """Seconds of compiler and program are written down beside them: another choice asks for another measurement."""
    passes = {"xla_cpu_use_fusion_emitters": False, "xla_llvm_disable_expensive_passes": True}
    level = {"xla_backend_optimization_level": 1}
    assert ({**passes, **level}, level) == compiling.CHOICES
