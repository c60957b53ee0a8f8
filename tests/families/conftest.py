"""SciPy's distributions beside ours: the outside twin of every scalar family, built from reference coordinates."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats as st
from scipy.special import softmax

TWINS = {
    "bernoulli": lambda theta, c: st.bernoulli(theta[0]),
    "beta": lambda theta, c: st.beta(*theta),
    "binomial": lambda theta, c: st.binom(c["n"], theta[0]),
    "categorical": lambda theta, c: st.rv_discrete(values=(range(c["K"]), softmax([*theta, 0.0]))),
    "cauchy": lambda theta, c: st.cauchy(*theta),
    "exponential": lambda theta, c: st.expon(scale=1 / theta[0]),
    "gamma": lambda theta, c: st.gamma(theta[0], scale=1 / theta[1]),
    "geometric": lambda theta, c: st.geom(theta[0]),
    "gumbel": lambda theta, c: st.gumbel_r(*theta),
    "inverse-gamma": lambda theta, c: st.invgamma(theta[0], scale=theta[1]),
    "inverse-gaussian": lambda theta, c: st.invgauss(theta[0] / theta[1], scale=theta[1]),
    "laplace": lambda theta, c: st.laplace(*theta),
    "log-normal": lambda theta, c: st.lognorm(theta[1], scale=np.exp(theta[0])),
    "logistic": lambda theta, c: st.logistic(*theta),
    "negative-binomial": lambda theta, c: st.nbinom(c["r"], theta[0]),
    "normal": lambda theta, c: st.norm(*theta),
    "pareto": lambda theta, c: st.pareto(theta[0], scale=c["minimum"]),
    "pareto-minimum": lambda theta, c: st.pareto(c["shape"], scale=theta[0]),
    "poisson": lambda theta, c: st.poisson(theta[0]),
    "rayleigh": lambda theta, c: st.rayleigh(scale=theta[0]),
    "student-t": lambda theta, c: st.t(c["df"], *theta),
    "uniform": lambda theta, c: st.uniform(0, theta[0]),
    "von-mises": lambda theta, c: st.vonmises(theta[1], loc=theta[0]),
    "weibull": lambda theta, c: st.weibull_min(theta[0], scale=theta[1]),
    "zero-mean-normal": lambda theta, c: st.norm(0, theta[0]),
}


@pytest.fixture(scope="session")
def twin():
    """``twin(family, theta)``: SciPy's frozen distribution at theta in the reference chart."""
    return lambda family, theta: TWINS[family.name](np.asarray(theta, dtype=np.float64), family.constants)
