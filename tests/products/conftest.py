"""The tests of this folder compute in 64 bits unless they say otherwise."""

import jax
import pytest


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield
