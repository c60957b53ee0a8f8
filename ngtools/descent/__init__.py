"""Steps of every kind, each in its own coordinates, and runs that return a `Trace`."""

from ngtools.descent.budgets import spent
from ngtools.descent.chart_defects import chart_defects
from ngtools.descent.chart_setting import chart_setting
from ngtools.descent.chart_views import ChartView, chart_views
from ngtools.descent.flow import flow
from ngtools.descent.linearised import KL_PROXIMAL_LINEARISED, kl_proximal_linearised
from ngtools.descent.matrix_free import MatrixFreeStep, natural_gradient_step, optax_natural_gradient
from ngtools.descent.methods import METHODS, Method, method
from ngtools.descent.natural import budget_step, natural_gradient, solve_traced
from ngtools.descent.objectives import Objective, expected_log_likelihood, mean_log_likelihood
from ngtools.descent.pull_back import pull_back
from ngtools.descent.run import run, step
from ngtools.descent.setting import NoSuchStep, Setting
from ngtools.descent.spread import spreads
from ngtools.descent.trace import Exit, Trace

__all__ = [
    "KL_PROXIMAL_LINEARISED",
    "METHODS",
    "ChartView",
    "Exit",
    "MatrixFreeStep",
    "Method",
    "NoSuchStep",
    "Objective",
    "Setting",
    "Trace",
    "budget_step",
    "chart_defects",
    "chart_setting",
    "chart_views",
    "expected_log_likelihood",
    "flow",
    "kl_proximal_linearised",
    "mean_log_likelihood",
    "method",
    "natural_gradient",
    "natural_gradient_step",
    "optax_natural_gradient",
    "pull_back",
    "run",
    "solve_traced",
    "spent",
    "spreads",
    "step",
]
