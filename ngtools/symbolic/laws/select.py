"""From the law a family declares to a reading of it in a chart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import sympy as sp

from ngtools.engines import SYMPY
from ngtools.families import Law
from ngtools.families.support import Integers, Interval
from ngtools.symbolic.laws import discrete, normal
from ngtools.symbolic.laws.log_partition import INTEGRALS, log_partition, split
from ngtools.symbolic.laws.reading import NotDerivable, Reading
from ngtools.symbolic.laws.transform import Transform, beta_law, dirichlet_law, gamma_law
from ngtools.symbolic.printing import latex
from ngtools.symbolic.rewriting import exact, flatten

__all__ = ["read"]

_WORDS = {
    "normal": (r"z \sim \mathcal{N}(0, 1)", "Gaussian moments"),
    "normal-vector": (r"z \sim \mathcal{N}(0, I)", "Gaussian moments (Isserlis)"),
    "gamma": (r"z \sim \mathrm{Gamma}(%s, 1)", "gamma moments"),
    "beta": (r"\frac{1}{1 + t^{2}} \sim \mathrm{Beta}(%s, %s)", "beta moments by odds"),
    "sign-gamma": (r"e = \pm 1,\; z \sim \mathrm{Gamma}(%s, 1)", "fair sign and gamma moments"),
    "sign-beta": (r"e = \pm 1,\; \frac{1}{1 + t^{2}} \sim \mathrm{Beta}(%s, %s)", "fair sign and beta moments"),
    "dirichlet": (r"z \sim \mathrm{Dirichlet}(%s)", "Dirichlet moments"),
}


def read(
    law: Law,
    log_density: sp.Expr,
    x: tuple[sp.Symbol, ...],
    home: Sequence[sp.Expr],
    theta: Sequence[sp.Symbol],
    support: Any,
) -> Reading:
    """Read a log density in the symbols ``theta`` of a chart through a base law.

    ``home`` are the home coordinates as expressions of ``theta``: shape and map are written in them.
    """
    base, details = law.base, law.details
    if base == "finite":
        return discrete.finite(log_density, x, _values(details, support))
    if base == "counting":
        return discrete.counting(
            log_density,
            x[0],
            lambda y: law.map(y, home, SYMPY),
            details["ratio"](home, SYMPY),
            lambda u: details["generating"](u, home, SYMPY),
            support,
        )
    if base == "log-partition":
        parts = split(log_density, x[0], theta)
        return log_partition(parts, x[0], theta, lambda: INTEGRALS[details["integral"]](parts, x[0]))
    if base not in _WORDS:
        raise NotDerivable(f"no table of moments for the base law '{base}'")
    shape = tuple(sp.sympify(entry) for entry in law.shape(home, SYMPY))
    if base in ("normal", "normal-vector"):
        return _mapped_normal(law, log_density, x, home, details.get("d", 1), support)
    transform = dirichlet_law(shape) if base == "dirichlet" else (gamma_law if "gamma" in base else beta_law)(*shape)
    return _mapped(law, log_density, x, home, shape, transform, support)


def _values(details: dict[str, Any], support: Any) -> Sequence[Any]:
    if "values" in details:
        return details["values"]
    if isinstance(support, Integers) and math.isfinite(support.upper) and math.isfinite(support.lower):
        return [sp.Integer(value) for value in range(int(support.lower), int(support.upper) + 1)]
    raise NotDerivable(
        f"a finite law needs its values: details['values'], or a finite Integers support (got {support})"
    )


def _mapped(
    law: Law,
    log_density: sp.Expr,
    x: tuple[sp.Symbol, ...],
    home: Sequence[sp.Expr],
    shape: tuple[sp.Expr, ...],
    transform: Transform,
    support: Any,
) -> Reading:
    """Base laws with powers and logarithms: x = map(z), or map((e, z)) averaged over the two signs."""
    base = law.base
    v = transform.variables[0]
    z: Any = transform.variables if base == "dirichlet" else v
    if "beta" in base:
        z = (1 / (1 + v**2), v**2 / (1 + v**2))
    signed = base.startswith("sign")
    arguments = [(sp.Integer(e), z) for e in (1, -1)] if signed else [z]
    images = [_image(law.map(argument, home, SYMPY), x) for argument in arguments]

    def expect(expr: sp.Expr) -> sp.Expr:
        branches = [transform.expect(expr.subs(image)) for image in images]
        return sp.Add(*branches) / len(branches)

    def defects() -> list[sp.Expr]:
        found = []
        for image in images:
            slope = flatten(sp.log(_slope(image, x, transform.variables)))
            found.append(log_density.subs(image) + slope - transform.log_base + sp.log(len(images)))
        return found + range_defects([image[x[0]] for image in images], v, sp.S.Zero, support)

    words, technique = _WORDS[base]
    count = words.count("%s")
    entries = tuple(latex(entry) for entry in shape)
    shown = law.map((sp.Symbol("e"), z), home, SYMPY) if signed else law.map(z, home, SYMPY)
    return Reading(
        technique=technique,
        base=words % (entries if count == len(entries) else (r",\, ".join(entries),)),
        observation="" if base == "dirichlet" else latex(sp.sympify(shown)),
        expect=expect,
        defects=defects,
    )


def _mapped_normal(
    law: Law, log_density: sp.Expr, x: tuple[sp.Symbol, ...], home: Sequence[sp.Expr], d: int, support: Any
) -> Reading:
    z = normal.variables(d)
    mapped = law.map(z[0] if law.base == "normal" else z, home, SYMPY)
    image = _image(mapped, x)

    def defects() -> list[sp.Expr]:
        slope = flatten(sp.log(_slope(image, x, z)))
        law_of_z = sp.expand(flatten(log_density.subs(image))) + slope - normal.log_base(z)
        return [law_of_z, *range_defects(list(image.values()), z[0], -sp.oo, support)]

    words, technique = _WORDS[law.base]
    return Reading(
        technique=technique,
        base=words,
        observation=latex(sp.sympify(mapped)) if len(x) == 1 else latex(sp.Matrix(list(image.values()))),
        expect=lambda expr: normal.normal_expectation(expr.subs(image), z),
        defects=defects,
    )


def range_defects(images: Sequence[sp.Expr], z: sp.Symbol, least: sp.Expr, support: Any) -> list[sp.Expr]:
    """The ends of the map's image less those of the support (1 for an infinite end that is missed).

    A density equal to the base law's on a part of its support only would have a total above or below 1.
    """
    if not isinstance(support, Interval):
        return []
    ends = [flatten(sp.limit(image, z, end, "+" if end == 0 else "-")) for image in images for end in (least, sp.oo)]
    defects = []
    for wanted in (support.lower, support.upper):
        if math.isinf(wanted):
            defects.append(sp.Integer(0 if sp.sympify(wanted) in ends else 1))
        else:
            defects.append(sp.Integer(0) if any(exact(end - wanted) == 0 for end in ends) else ends[0] - ends[-1])
    return defects


def _image(mapped: Any, x: tuple[sp.Symbol, ...]) -> dict[sp.Symbol, sp.Expr]:
    entries = [mapped] if len(x) == 1 and not isinstance(mapped, (tuple, list, sp.MatrixBase)) else list(mapped)
    return {symbol: flatten(sp.sympify(entry)) for symbol, entry in zip(x, entries, strict=True)}


def _slope(image: dict[sp.Symbol, sp.Expr], x: tuple[sp.Symbol, ...], z: Sequence[sp.Symbol]) -> sp.Expr:
    """|det dx/dz|; 1 where x is z itself."""
    if all(image[symbol] == variable for symbol, variable in zip(x, z)):
        return sp.S.One
    determinant = sp.Matrix([image[symbol] for symbol in x]).jacobian(z).det()
    return flatten(sp.Abs(sp.factor(sp.together(determinant))))
