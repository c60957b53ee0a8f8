"""The invariance laboratory: does the result of a step depend on the coordinates it was computed in?"""

from ngtools.descent.chart_setting import chart_setting
from ngtools.descent.pull_back import pull_back
from ngtools.descent.setting import Setting
from ngtools.invariance.accuracy import flow_gap
from ngtools.invariance.matrix import ROWS, Matrix, Problem, matrix, normal_problem
from ngtools.invariance.network_problem import network_problem
from ngtools.invariance.orders import STEPS, Order, defect, gap, measure, not_defined, order
from ngtools.invariance.reparameterizations import REPARAMETERIZATIONS, Reparameterization, affine, smooth

__all__ = [
    "REPARAMETERIZATIONS",
    "ROWS",
    "STEPS",
    "Matrix",
    "Order",
    "Problem",
    "Reparameterization",
    "Setting",
    "affine",
    "chart_setting",
    "defect",
    "flow_gap",
    "gap",
    "matrix",
    "measure",
    "network_problem",
    "normal_problem",
    "not_defined",
    "order",
    "pull_back",
    "smooth",
]
