"""The record of a family of distributions: what it states, in which charts, and nothing derived."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp

from ngtools.engines import JAX, NUMPY, SYMPY, Engine, engine_of
from ngtools.families.chart import Chart
from ngtools.families.law import Draws, Law, jax_draws, numpy_draws
from ngtools.families.support import Support, Vector

__all__ = ["Family", "Formulas"]

Theta = Sequence[Any]


@dataclass(frozen=True)
class Formulas:
    """The stated facts of a family, in home coordinates and engine words.

    ``log_density(x, theta, m)`` and ``fisher(theta, m)`` (one observation, natural logarithms) are
    required.  ``kl(theta0, theta1, m)`` is KL(theta0 || theta1) in nats and ``distance`` the Fisher-Rao
    distance, each where a closed form is known; ``kl_route`` says "closed form" or "quadrature".
    """

    log_density: Callable[[Any, Theta, Engine], Any]
    fisher: Callable[[Theta, Engine], Any]
    kl: Callable[[Theta, Theta, Engine], Any] | None = None
    distance: Callable[[Theta, Theta, Engine], Any] | None = None
    kl_route: str = "closed form"


@dataclass(frozen=True, eq=False)
class Family:
    """A parametric family of distributions: formulas, charts, support, and how to draw from it.

    Parameters
    ----------
    name
        Lower-case, hyphenated.
    formulas
        The stated facts, in home coordinates.
    chart_records
        The charts; the first is the reference chart, the one used when none is named.
    support
        The set of observations.
    law
        Base law and map: the sampler's and the symbolic judge's recipe.
    draw
        ``draw(draws, theta)`` where the sampler is not simply the map of the base law.
    constants
        What the family holds fixed (``n``, ``K``, ``df``, ...).
    irregular
        Route name -> why its identity fails here (``"by_curvature"`` of the Laplace location, say).
    rows
        For a family of independent rows (a regression): one family a row; the Fisher matrix is their sum.
    kl_smooth
        False where the Kullback-Leibler divergence has no third derivative at coincidence.
    points
        A few generic parameter vectors in the reference chart, for tests and for the gallery.
    """

    name: str
    formulas: Formulas
    chart_records: tuple[Chart, ...]
    support: Support
    law: Law
    draw: Callable[[Draws, Theta], Any] | None = None
    constants: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    irregular: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rows: tuple[Family, ...] = ()
    kl_smooth: bool = True
    points: tuple[tuple[float, ...], ...] = ()

    def __repr__(self) -> str:
        shown = ", ".join(f"{key}={_short(value)}" for key, value in self.constants.items())
        return f"<family {self.name}{f'({shown})' if shown else ''}: charts {', '.join(self.charts)}>"

    @property
    def charts(self) -> tuple[str, ...]:
        """The names of the charts; the first is the reference chart."""
        return tuple(chart.name for chart in self.chart_records)

    def chart(self, name: str | None = None) -> Chart:
        """Return the record of a chart (the reference chart by default)."""
        if name is None:
            return self.chart_records[0]
        for record in self.chart_records:
            if record.name == name:
                return record
        raise ValueError(f"family '{self.name}' has no chart '{name}'; it has: {', '.join(self.charts)}")

    def dimension(self, chart: str | None = None) -> int:
        """Return the number of coordinates of a chart."""
        return self.chart(chart).dimension

    def points_in(self, chart: str | None = None) -> list[np.ndarray]:
        """The family's generic points (``points``) in the coordinates of a chart."""
        record = self.chart(chart)
        if record.points:
            return [np.array(point) for point in record.points]
        return [np.array(self.convert(list(point), record.name)) for point in self.points]

    # -- the stated facts, in any chart -------------------------------------------------------------

    def log_density(self, x: Any, theta: Any, chart: str | None = None) -> Any:
        """Log density (or log probability) in nats; -inf outside the support.

        Parameters
        ----------
        x
            One observation or an array of them; a vector observation occupies the last axis.
        theta
            Coordinates in ``chart``, shape (d,).
        chart
            A name in ``charts``; the reference chart by default.

        Returns
        -------
        An array of the shape of ``x`` (less the last axis for vector observations) of the kind given:
        NumPy, JAX (traceable under jit, vmap and grad), or a SymPy expression.
        """
        m, home = self._home(theta, chart, x)
        if m is SYMPY or isinstance(x, tuple):  # a pair (x, 1 - x) is inside by construction
            return self.formulas.log_density(x, home, m)
        xp = jnp if m is JAX else np
        x = xp.asarray(x)
        if m is NUMPY and x.dtype.kind == "f":  # NumPy computes in 64 bits, JAX in those of the caller
            x = x.astype(np.float64)
        inside = self.support.contains(x)
        vector = isinstance(self.support, Vector) or inside.ndim < x.ndim
        safe = xp.where(inside[..., None] if vector else inside, x, self.support.inside)
        return xp.where(inside, self.formulas.log_density(safe, home, m), -xp.inf)[()]

    def fisher(self, theta: Any, chart: str | None = None) -> Any:
        """The stated Fisher matrix of one observation, shape (d, d), in the coordinates of ``chart``.

        Written in home coordinates and carried to the chart as F = Jᵀ F_home J with J the Jacobian of the
        map to home.  A redundant chart (more coordinates than the family has dimensions) gets a singular F.
        """
        m, home = self._home(theta, chart)
        F, J = self.formulas.fisher(home, m), self._jacobian_to_home(theta, chart, m)
        return J.T * F * J if m is SYMPY else J.T @ F @ J

    def kl(self, theta0: Any, theta1: Any, chart: str | None = None) -> Any:
        """KL(theta0 || theta1) = E_theta0[log p_theta0 - log p_theta1] in nats, both in ``chart``.

        Infinite where theta0 gives probability to what theta1 makes impossible, as families with a moving support can.
        """
        if self.formulas.kl is None:
            raise NotImplementedError(f"no closed-form KL is known for '{self.name}'; fisher.by_kl integrates one")
        record, m = self.chart(chart), engine_of(theta0, theta1)
        if m is not SYMPY:
            theta0, theta1 = record.check(theta0, "theta0"), record.check(theta1, "theta1")
        return self.formulas.kl(record.to_home(tuple(theta0), m), record.to_home(tuple(theta1), m), m)

    def sample(self, theta: Any, size: int | tuple[int, ...], rng: Any, chart: str | None = None) -> Any:
        """Draw ``size`` observations; ``rng`` is a NumPy generator (NumPy out) or a JAX key (JAX out)."""
        shape = (size,) if isinstance(size, (int, np.integer)) else tuple(size)
        if any(entry < 0 for entry in shape):
            raise ValueError(f"size must not be negative (got {size})")
        if isinstance(rng, np.random.Generator):
            draws = numpy_draws(rng, shape)
        elif isinstance(rng, jax.Array):
            draws = jax_draws(rng, shape)
        else:
            raise TypeError(f"rng must be a numpy.random.Generator or a jax key (got {type(rng).__name__})")
        record = self.chart(chart)
        home = record.to_home(tuple(record.check(theta)), draws.engine)
        if self.draw is not None:
            return self.draw(draws, home)
        if not self.law.drawable:
            raise NotImplementedError(
                f"family '{self.name}' declares base law '{self.law.base}' and must bring its own draw"
            )
        return self.law.draw(draws, home)

    # -- between charts -----------------------------------------------------------------------------

    def convert(self, theta: Any, to: str, chart: str | None = None) -> Any:
        """The same distribution's coordinates in the chart ``to``, given them in ``chart``."""
        source, target = self.chart(chart), self.chart(to)
        m = engine_of(theta)
        if m is not SYMPY:
            theta = source.check(theta)
        if source is target:
            return theta
        home = source.to_home(tuple(theta), m)
        image = tuple(target.from_home(home, m))
        if m is SYMPY:
            return image
        image = m.vector(image)
        if not isinstance(image, jax.core.Tracer):
            back = np.array([float(entry) for entry in target.to_home(tuple(np.asarray(image)), NUMPY)])
            there = np.array([float(entry) for entry in home])
            if not np.allclose(back, there, rtol=1e-3 if there.dtype == np.float32 or m is JAX else 1e-8, atol=1e-6):
                raise ValueError(
                    f"chart '{to}' of '{self.name}' does not contain this distribution: it fixes other quantities "
                    f"(home coordinates {there.round(6).tolist()} become {back.round(6).tolist()})"
                )
        return image

    def jacobian(self, theta: Any, to: str, chart: str | None = None) -> Any:
        """J = d phi / d theta, phi the coordinates in ``to``, theta those in ``chart``; shape (dim to, dim chart)."""
        source, target = self.chart(chart), self.chart(to)
        m = engine_of(theta)
        if m is SYMPY:
            symbols = source.symbols
            image = sp.Matrix(target.from_home(source.to_home(symbols, SYMPY), SYMPY))
            return image.jacobian(symbols).subs(dict(zip(symbols, theta, strict=True)), simultaneous=True)
        theta = source.check(theta)

        def image_of(vector: jax.Array) -> jax.Array:
            if source is target:
                return vector
            return JAX.vector(target.from_home(source.to_home(tuple(vector), JAX), JAX))

        return _derivative(image_of, theta, m)

    # -- inside -------------------------------------------------------------------------------------

    def _home(self, theta: Any, chart: str | None, *others: Any) -> tuple[Engine, Theta]:
        record, m = self.chart(chart), engine_of(theta, *others)
        if m is not SYMPY:
            theta = record.check(theta)
        return m, tuple(record.to_home(tuple(theta), m))

    def _jacobian_to_home(self, theta: Any, chart: str | None, m: Engine) -> Any:
        record = self.chart(chart)
        if m is SYMPY:
            home = sp.Matrix(record.home_symbolic())
            values = dict(zip(record.symbols, theta, strict=True))
            return home.jacobian(record.symbols).subs(values, simultaneous=True)
        return _derivative(lambda vector: JAX.vector(record.to_home(tuple(vector), JAX)), record.check(theta), m)


def _derivative(function: Callable[[jax.Array], jax.Array], theta: Any, m: Engine) -> Any:
    # NumPy in, NumPy out: differentiated in 64 bits whatever the caller's setting
    if m is JAX:
        return jax.jacfwd(function)(theta)
    with jax.enable_x64(True):
        return np.asarray(jax.jacfwd(function)(jnp.asarray(theta)))


def _short(value: Any) -> str:
    return f"array of shape {np.shape(value)}" if np.ndim(value) else f"{value}"
