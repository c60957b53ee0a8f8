"""The categorical distribution: one of K outcomes, softmax of its logits."""

from __future__ import annotations

from ngtools.families.chart import Chart, Parameter
from ngtools.families.constants import count
from ngtools.families.family import Family, Formulas
from ngtools.families.law import Law
from ngtools.families.support import Integers


def _logits(theta):
    # home coordinates: the logits of the first K - 1 outcomes, the last one's being 0
    return [*theta, 0 * theta[0]]


def _log_probabilities(theta, m):
    logits = _logits(theta)
    return [logit - m.logsumexp(logits) for logit in logits]


def log_density(x, theta, m):
    return m.pick(_logits(theta), x) - m.logsumexp(_logits(theta))


def fisher(theta, m):
    p = [m.exp(entry) for entry in _log_probabilities(theta, m)][:-1]
    return m.matrix([[p[i] * (int(i == j) - p[j]) for j in range(len(p))] for i in range(len(p))])


def kl(theta0, theta1, m):
    log_p, log_q = _log_probabilities(theta0, m), _log_probabilities(theta1, m)
    return sum(m.exp(a) * (a - b) for a, b in zip(log_p, log_q))


def distance(theta0, theta1, m):
    """A great circle of the sphere of radius 2 on which the square roots of the probabilities lie."""
    log_p, log_q = _log_probabilities(theta0, m), _log_probabilities(theta1, m)
    chord = m.sqrt(sum((m.exp(a / 2) - m.exp(b / 2)) ** 2 for a, b in zip(log_p, log_q)))
    return 4 * m.arcsin(chord / 2)


def _log_ratios(p, m):
    last = m.log(1 - sum(p))
    return tuple(m.log(entry) - last for entry in p)


def _complaint(p):
    if sum(p) < 1:
        return ""
    return (
        f"the probabilities of the first {len(p)} outcomes sum to {sum(p):g}; they must sum to less than 1 "
        "(the rest belongs to the last outcome). Use logits if a probability can vanish"
    )


def _charts(K: int) -> tuple[Chart, ...]:
    return (
        Chart("minimal-logits", tuple(Parameter(f"eta{i}") for i in range(1, K))),
        Chart(
            "logits",
            tuple(Parameter(f"l{i}") for i in range(1, K + 1)),
            to_home=lambda phi, m: tuple(logit - phi[-1] for logit in phi[:-1]),
            from_home=lambda theta, m: tuple(_logits(theta)),
        ),
        Chart(
            "probabilities",
            tuple(Parameter(f"p{i}", "unit", hint="use logits if a probability can vanish") for i in range(1, K)),
            to_home=_log_ratios,
            from_home=lambda theta, m: tuple(m.exp(entry) for entry in _log_probabilities(theta, m)[:-1]),
            joint=_complaint,
        ),
    )


EXAMPLE = {"K": 3}


def make(K: int) -> Family:
    """P(x = i) = p_i for i = 0, ..., K - 1; ``minimal-logits`` sets the last logit to 0.

    ``logits`` has one coordinate too many: adding a constant to all changes nothing, and its Fisher matrix is
    singular with null direction (1, ..., 1).  ``probabilities`` are the first K - 1.
    """
    K = count(K, "K", least=2)
    return Family(
        name="categorical",
        formulas=Formulas(log_density, fisher, kl, distance),
        chart_records=_charts(K),
        support=Integers(0, K - 1),
        law=Law("finite"),
        draw=lambda draws, theta: draws.choice(
            draws.engine.vector([draws.engine.exp(entry) for entry in _log_probabilities(theta, draws.engine)])
        ),
        constants={"K": K},
        points=tuple(tuple(scale * (-1) ** i * (0.4 + 0.3 * i) for i in range(K - 1)) for scale in (1.0, -2.0)),
    )
