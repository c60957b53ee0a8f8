"""The geometry of distributions: transformation laws, lengths, distances, geodesics, curvature, bounds.

Numeric functions compute in float64 whatever the caller's JAX setting, and return NumPy arrays.
"""

from ngtools.geometry.angle import angle, norm
from ngtools.geometry.ball import ellipse, kl_ball
from ngtools.geometry.christoffel import christoffel
from ngtools.geometry.cramer_rao import cramer_rao
from ngtools.geometry.curvature import curvature
from ngtools.geometry.distance import Distance, distance
from ngtools.geometry.geodesic import Geodesic, LeftDomain, geodesic
from ngtools.geometry.jeffreys import jeffreys
from ngtools.geometry.laws import Defects, law_defects
from ngtools.geometry.length import length
from ngtools.geometry.lines import straight_line, straight_lines
from ngtools.geometry.random_maps import RandomMap, random_map
from ngtools.geometry.transform import check_jacobian, transform_gradient, transform_metric, transform_vector

__all__ = [
    "Defects",
    "Distance",
    "Geodesic",
    "LeftDomain",
    "RandomMap",
    "angle",
    "check_jacobian",
    "christoffel",
    "cramer_rao",
    "curvature",
    "distance",
    "ellipse",
    "geodesic",
    "jeffreys",
    "kl_ball",
    "law_defects",
    "length",
    "norm",
    "random_map",
    "straight_line",
    "straight_lines",
    "transform_gradient",
    "transform_metric",
    "transform_vector",
]
