"""How far apart two coordinate systems end up: the defect of one step, and its order in the step size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ngtools.checks import number, real_array, whole_number
from ngtools.descent.chart_setting import chart_setting
from ngtools.descent.methods import Method, method
from ngtools.descent.setting import Setting
from ngtools.families import Family
from ngtools.geometry import LeftDomain

__all__ = ["EXACT", "STEPS", "Order", "defect", "gap", "measure", "not_defined", "order"]

STEPS = (0.04, 0.02, 0.01, 0.005)
# what the solvers promise: a defect below EXACT at every step size is exact, unless a power law shows
# in it above the level ROUNDING that the tolerances of the solvers leave
EXACT, ROUNDING = 1e-9, 1e-11


@dataclass(frozen=True)
class Order:
    """The order of invariance of a method under a change of coordinates.

    D(alpha) is the Fisher-Rao distance between the two results of one step from one distribution.

    Parameters
    ----------
    slope, stderr
        Slope of log D against log alpha and its standard error (nan for "exact" and "not defined").
    coefficient
        C in D = C alpha^slope.
    kind
        "exact": rounding level at every step; "broken": D ~ alpha (slope below 1.5); "order p": D ~ alpha^(p+1);
        "not defined": nothing to compare, see ``reason``.
    steps, defects
        The measurements, where both steps exist.
    """

    slope: float
    stderr: float
    coefficient: float
    kind: str
    steps: tuple[float, ...] = ()
    defects: tuple[float, ...] = ()
    reason: str = ""

    def __repr__(self) -> str:
        if self.kind in ("exact", "not defined"):
            largest = f", largest defect {max(self.defects):.1e}" if self.defects else f": {self.reason}"
            return f"<{self.kind}{largest}>"
        return f"<{self.kind}: D = {self.coefficient:.3g} alpha^{self.slope:.2f} (+- {self.stderr:.2f})>"


def gap(
    rule: str | Method,
    setting_a: Setting,
    theta_a: np.ndarray,
    setting_b: Setting,
    theta_b: np.ndarray,
    alpha: float,
    repeat: int = 1,
) -> float:
    """Fisher-Rao distance between the distributions after ``repeat`` steps in each of two settings.

    Raises
    ------
    ValueError
        The two starts are different distributions.
    LeftDomain
        A step leaves the domain in one of the settings.
    """
    rule, alpha, repeat = method(rule), number(alpha, "alpha (the step)", above=0), whole_number(repeat, "repeat")
    theta_a = real_array(theta_a, "theta_a", (setting_a.dimension,))
    theta_b = real_array(theta_b, "theta_b", (setting_b.dimension,))
    starts = setting_a.distribution(theta_a), setting_b.distribution(theta_b)
    if not np.allclose(*starts, rtol=1e-9, atol=1e-12):
        raise ValueError(
            f"theta_a and theta_b must be one distribution (got {starts[0].tolist()} and {starts[1].tolist()})"
        )
    ends = []
    for setting, theta in ((setting_a, theta_a), (setting_b, theta_b)):
        point, state = theta, None
        for _ in range(repeat):
            point, state = rule.step(setting, point, alpha, state)
            setting.require(point)
        ends.append(setting.distribution(point))
    return setting_a.distance(*ends)


def measure(
    rule: str | Method,
    setting_a: Setting,
    theta_a: np.ndarray,
    setting_b: Setting,
    theta_b: np.ndarray,
    steps: Sequence[float] = STEPS,
    repeat: int = 1,
) -> Order:
    """The `Order` of a method between two settings, from matched starts."""
    kept, reason = [], ""
    for alpha in steps:
        try:
            kept.append((float(alpha), gap(rule, setting_a, theta_a, setting_b, theta_b, alpha, repeat)))
        except LeftDomain as left:
            reason = str(left)
    if len(kept) < 3:
        return not_defined(f"only {len(kept)} of {len(steps)} steps stay in the domain: {reason or 'pass more steps'}")
    alphas, defects = np.array(kept).T
    x, y = np.log(alphas), np.log(np.maximum(defects, 1e-300))
    slope, intercept = np.polyfit(x, y, 1)
    residual = float(((y - slope * x - intercept) ** 2).sum())
    stderr = float(np.sqrt(residual / (len(x) - 2) / ((x - x.mean()) ** 2).sum()))
    nearest = round(float(slope))
    power_law = nearest > 0 and stderr < 0.2 and defects.min() > ROUNDING
    measured = tuple(alphas.tolist()), tuple(defects.tolist())
    if defects.max() <= EXACT and not power_law:
        return Order(np.nan, np.nan, np.nan, "exact", *measured)  # a slope of rounding errors says nothing
    kind = "broken" if nearest < 2 else f"order {nearest - 1}"
    return Order(float(slope), stderr, float(np.exp(intercept)), kind, *measured)


def not_defined(reason: str) -> Order:
    """The `Order` of a comparison that cannot be made."""
    return Order(np.nan, np.nan, np.nan, "not defined", reason=reason)


def defect(
    method: str | Method,
    family: Family,
    chart_a: str,
    chart_b: str,
    theta: Any,
    objective: Callable[..., Any],
    step: float,
    repeat: int = 1,
) -> float:
    """Fisher-Rao distance between the results of one step taken in two charts from one distribution.

    Parameters
    ----------
    method
        A name in ``descent.METHODS`` or a `Method`.
    theta
        The start, in the family's reference chart.
    objective
        A ``jax.numpy`` function of the reference-chart parameters, maximised.
    step
        Learning rate; for methods with a KL budget c it is sqrt(2 c).
    repeat
        Steps taken before the distance is measured.

    Raises
    ------
    LeftDomain
        A step leaves the domain in one of the charts.

    Examples
    --------
    >>> from ngtools import descent, families
    >>> normal = families.get("zero-mean-normal")
    >>> f = descent.expected_log_likelihood(normal, [1.0])
    >>> round(defect("natural-euler", normal, "std", "variance", [3.0], f, 0.1), 6)
    0.001531
    """
    return gap(method, *_matched(family, chart_a, chart_b, theta, objective), step, repeat)


def order(
    method: str | Method,
    family: Family,
    chart_a: str,
    chart_b: str,
    theta: Any,
    objective: Callable[..., Any],
    steps: Sequence[float] = STEPS,
    repeat: int = 1,
) -> Order:
    """The slope of the one-step `defect` between two charts, in log-log; arguments as there.

    Returns
    -------
    Order
        kind "exact", "broken", "order 1", "order 2", ... or "not defined".
    """
    return measure(method, *_matched(family, chart_a, chart_b, theta, objective), steps, repeat)


def _matched(
    family: Family, chart_a: str, chart_b: str, theta: Any, objective: Callable[..., Any]
) -> tuple[Setting, np.ndarray, Setting, np.ndarray]:
    reference = family.charts[0]
    starts = [np.asarray(family.convert(theta, to=chart, chart=reference)) for chart in (chart_a, chart_b)]
    settings = [chart_setting(family, objective, chart) for chart in (chart_a, chart_b)]
    return settings[0], starts[0], settings[1], starts[1]
