"""WRONG: K-FAC's output factor from the gradients of the mean loss, which carry 1/N each."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from ngtools import kfac
from ngtools.kfac import Factors

__all__ = ["factors"]


def factors(model: Any, params: Any, batch: Any, head: Any) -> Factors:
    """``kfac.factors`` with g read off the backward pass of the batch's mean loss."""
    inputs, gradients = kfac.signals(model, params, batch, head)
    omega, gamma = {}, {}
    for name, a in inputs.items():
        N = len(a)
        # wrong: the gradient of one example's log density is N times as long
        g = gradients[name] / N
        omega[name] = jnp.einsum("nti,ntj->ij", a, a) / N
        gamma[name] = jnp.einsum("ncto,nctp->op", g, g)
    return Factors(omega, gamma)
