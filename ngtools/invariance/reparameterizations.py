"""The columns of the matrix: changes of coordinates, from a rotation to another network.

Each is a second decode: psi -> theta = h(psi, constants), with a start that decodes to the same
distribution.  The maps act on theta = (mu, sigma), with sigma > 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import jax.numpy as jnp
import numpy as np

from ngtools.checks import real_array
from ngtools.descent.pull_back import pull_back
from ngtools.descent.setting import Setting

__all__ = ["REPARAMETERIZATIONS", "Reparameterization", "affine", "smooth"]


@dataclass(frozen=True, eq=False)
class Reparameterization:
    """A change of coordinates theta = h(psi, constants), or the reason why there is none.

    ``encode`` gives one psi with h(psi) = theta; ``dimension`` is that of psi (None: the same); ``matrices`` are those
    of the new `Setting`.
    """

    name: str
    title: str
    h: Callable[[Any, Any], Any] | None = None
    encode: Callable[[np.ndarray], np.ndarray] | None = None
    constants: Any = ()
    dimension: int | None = None
    reason: str = ""
    matrices: Mapping[str, Callable[..., Any] | str] = field(default_factory=dict)

    def apply(self, setting: Setting) -> Setting:
        """The setting in the new coordinates."""
        if self.h is None or self.encode is None:
            raise ValueError(f"'{self.name}' is no reparameterization: {self.reason}")
        return pull_back(setting, self.title, self.h, self.encode, self.constants, self.dimension, self.matrices)


def _affine(psi: Any, constants: Any) -> Any:
    A, b = constants
    return A @ psi + b


def affine(name: str, title: str, A: Any, b: Any = 0.0) -> Reparameterization:
    """theta = A psi + b with an invertible A."""
    A, b = real_array(A, "A", ("d", "d")), real_array(b, "b")
    b = np.broadcast_to(b, A.shape[:1])
    return Reparameterization(name, title, _affine, lambda theta: np.linalg.solve(A, theta - b), (A, b))


def _log_sigma(psi: Any, constants: Any) -> Any:
    mu, log_sigma = psi
    return jnp.stack([mu, jnp.exp(log_sigma)])


def _smooth(psi: Any, constants: Any) -> Any:
    # a linear mix, two shears, and an exponential that keeps sigma positive: invertible everywhere
    A, (shear_u, shear_v) = constants
    u, v = A @ psi
    u = u + shear_u * jnp.sin(v)
    v = v + shear_v * jnp.tanh(u)
    return jnp.stack([u, jnp.exp(v)])


def smooth(name: str, title: str, A: Any, shears: Any) -> Reparameterization:
    """A diffeomorphism of the plane onto the half plane sigma > 0 that mixes the coordinates.

    With (u, v) = A psi:  mu = u' = u + s_u sin v,  log sigma = v + s_v tanh u'.
    """
    A, (shear_u, shear_v) = real_array(A, "A", (2, 2)), real_array(shears, "shears", (2,)).tolist()

    def encode(theta: np.ndarray) -> np.ndarray:
        v = np.log(theta[1]) - shear_v * np.tanh(theta[0])
        return np.linalg.solve(A, np.array([theta[0] - shear_u * np.sin(v), v]))

    return Reparameterization(name, title, _smooth, encode, (A, np.array([shear_u, shear_v], dtype=np.float64)))


def _redundant(psi: Any, constants: Any) -> Any:
    p, a, b = psi
    return jnp.stack([p + 0.3 * a, a * b])


def _split(theta: np.ndarray) -> np.ndarray:
    a = 1.4 * np.sqrt(theta[1])
    return np.array([theta[0] - 0.3 * a, a, theta[1] / a])


_TURN = 0.7
REPARAMETERIZATIONS = MappingProxyType(
    {
        record.name: record
        for record in (
            affine(
                "orthogonal",
                "orthogonal",
                [[np.cos(_TURN), -np.sin(_TURN)], [np.sin(_TURN), np.cos(_TURN)]],
            ),
            affine("diagonal", "diagonal rescaling", np.diag([2.0, 0.4])),
            affine("affine", "general affine", [[1.5, 0.6], [-0.4, 0.8]], [0.2, -0.1]),
            Reparameterization(
                "log-sigma",
                "log sigma (one by one)",
                _log_sigma,
                lambda theta: np.array([theta[0], np.log(theta[1])]),
            ),
            smooth("smooth", "smooth nonlinear", [[1.1, 0.5], [-0.3, 0.9]], (0.4, 0.3)),
            Reparameterization("redundant", "over-parameterized (submersion)", _redundant, _split, dimension=3),
            Reparameterization(
                "another-network",
                "another network",
                reason="no smooth map relates the two parameter spaces: they reach different sets of distributions, "
                "so their tangent spaces differ and no step in one is a step in the other",
            ),
        )
    }
)
