"""Random smooth changes of coordinates, to try a law that should hold for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ngtools.checks import real_array

__all__ = ["RandomMap", "random_map"]


@dataclass(frozen=True)
class RandomMap:
    """phi -> theta = A (phi + ½ tanh(B phi)) + b with A invertible and |B| < 1: a diffeomorphism of R^d.

    The Jacobian is A (I + ½ diag(1 - tanh²) B); the second factor is invertible because |½ B| < 1.
    """

    A: np.ndarray
    B: np.ndarray
    b: np.ndarray

    def __call__(self, phi: Any) -> Any:
        """theta, a JAX vector (traceable)."""
        return self.A @ (phi + jnp.tanh(self.B @ phi) / 2) + self.b

    def jacobian(self, phi: Any) -> np.ndarray:
        """d theta / d phi, shape (d, d), float64."""
        with jax.enable_x64(True):
            return np.asarray(jax.jacfwd(self)(jnp.asarray(phi, jnp.float64)))


def random_map(rng: np.random.Generator, theta: Any) -> tuple[RandomMap, np.ndarray]:
    """Draw a map and a point phi with map(phi) = theta.

    ``b`` is chosen last, so that the map hits theta exactly; ``A`` has singular values between ½ and 2.
    """
    theta = real_array(theta, "theta", ("d",))
    d = len(theta)
    left, right = (np.linalg.qr(rng.standard_normal((d, d)))[0] for _ in range(2))
    A = left @ np.diag(rng.uniform(0.5, 2.0, d)) @ right
    B = rng.standard_normal((d, d))
    B *= 0.9 / np.linalg.norm(B, 2)
    phi = rng.standard_normal(d)
    with jax.enable_x64(True):
        b = theta - np.asarray(RandomMap(A, B, np.zeros(d))(jnp.asarray(phi)))
    return RandomMap(A, B, b), phi
