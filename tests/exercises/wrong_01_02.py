"""Wrong answers of chapters 01 and 02 by hand: what each misconception gives."""

from __future__ import annotations

import numpy as np
import sympy as sp

beta = sp.Symbol("beta", positive=True)


# Chapter 01. Dora's gradient by tau is (sigma^2 - s)/2 with the mean square s; each step is brought to one fraction.


def dora_adds_the_gradient_by_sigma(sigma, alpha, mean_square):
    """tau becomes 1/sigma^2 + alpha (s - sigma^2)/sigma^3."""
    return (sigma**3 / (sigma + alpha * (mean_square - sigma**2))) ** 0.5


def dora_steps_down(sigma, alpha, mean_square):
    return sigma * (2 / (2 - alpha * sigma**2 * (sigma**2 - mean_square))) ** 0.5


def dora_reports_the_variance(sigma, alpha, mean_square):
    return 2 * sigma**2 / (2 + alpha * sigma**2 * (sigma**2 - mean_square))


def cramer(A, b):
    """The solution of two linear equations."""
    (p, q), (r, s) = A
    return np.array([s * b[0] - q * b[1], p * b[1] - r * b[0]]) / (p * s - q * r)


def rows_times_rows(J):
    """J J^T, entry by entry."""
    return [[sum(x * y for x, y in zip(one, two)) for two in J] for one in J]


# Chapter 02.


def at_the_angle_of_g(M, g):
    angle = np.arctan2(g[1], g[0])
    return np.array([np.cos(angle), np.sin(angle)])


def right_direction_of_paper_length(M, g):
    """The adjugate of M gives the direction; its determinant is positive and drops out."""
    up = np.array([M[1, 1] * g[0] - M[0, 1] * g[1], M[0, 0] * g[1] - M[1, 0] * g[0]])
    return up / np.hypot(up[0], up[1])


def lowered_for_raised(M, g):
    """M g of length one in M, along the eigenvectors: the squared length of M g is the sum of lambda^3 c^2."""
    scales, axes = np.linalg.eigh(M)
    c = [axis @ g for axis in axes.T]
    length = sum(scale**3 * part**2 for scale, part in zip(scales, c)) ** 0.5
    return sum(scale * part * axis for scale, part, axis in zip(scales, c, axes.T)) / length


def at_the_three_inputs(first, second, third):
    """The exercise asks at phi = 0.4 (0.7 theta + 0.3, phi the logarithm of theta), at phi = 4 (0.8 theta + 0.2, phi the
    square) and at phi = 1.5 (theta + 0.5, phi the exponential); a wrong method has three numbers there."""
    return lambda update, h, back, phi: {0.4: first, 4.0: second, 1.5: third}[phi]


WRONG = {
    # sigma moves by 1/(2 sigma)^2 = 25 for Bob, by sigma^2 = 1/100 for Carol and by 1 for Alice
    "bob_over_carol": {
        "one Jacobian instead of two": 5 / (1 / 10),
        "upside down": 1 / 2500,
        "somebody else": 25,
    },
    "alice_in_metres": {
        "only the step counted": 1000,
        "a learning rate has no unit": 1,
        "upside down": 1e-6,
    },
    "dora": {
        "another chart": dora_adds_the_gradient_by_sigma,
        "descent": dora_steps_down,
        "square for its root": dora_reports_the_variance,
    },
    # H = 1/0.61 for the rate, J = 1/(2 sqrt(0.61)), and H = 4 for the root
    "square_root_limit": {
        "the best for the limit": 1 / 4,
        "another chart": 2 * 0.61,
        "one Jacobian instead of two": 0.61**0.5,  # H/J = 2/sqrt(0.61)
        "Jacobian in the wrong direction": 8 * 0.61**2,  # H J^2 = 1/(4 0.61^2)
    },
    "pushed_step": {
        "the step not read back": lambda J, g: cramer([[J[0, 0], J[1, 0]], [J[0, 1], J[1, 1]]], g),
        "gradient not transformed": lambda J, g: cramer(J, g),
        # J^-T J^-1 is the inverse of J J^T
        "the two factors in the other order": lambda J, g: cramer(rows_times_rows(J), g),
        "Jacobian in the wrong direction": lambda J, g: sum(column * (column @ g) for column in J.T),
    },
    # the cosine of 60 degrees is 1/2
    "longitude_step": {
        "Euclidean length": 63.71,
        "square for its root": 63.71 / 4,  # the entry cos^2 for cos
        "degrees read as radians": 63.71 / 2 * np.pi / 180,
    },
    "steepest_arrow": {
        "gradient taken for natural gradient": at_the_angle_of_g,
        "Euclidean length": right_direction_of_paper_length,
        "length not one": lambda M, g: cramer(M, g),
        "metric for its inverse": lowered_for_raised,
    },
    # the entry of the longitude, cos^2, needs no move; that of the latitude is 1
    "mercator_metric": {
        "metric not transformed": sp.diag((1 + sp.cos(2 * beta)) / 2, 1),
        "one Jacobian instead of two": sp.diag(1 - sp.sin(beta) ** 2, sp.cos(beta)),
        "Jacobian in the wrong direction": sp.diag(1 - sp.sin(beta) ** 2, 1 + sp.tan(beta) ** 2),
        "root for its square": sp.cos(beta) * sp.eye(2),
    },
    # along g she climbs 2 on a way of sqrt(5)/2, which is 4/sqrt(5); the best is sqrt(1 + 4) = sqrt(5)
    "climb_lost": {
        "kept for lost": 4 / 5,
        "Euclidean length": 1 - (2 / 5) ** 0.5,  # 2 on a way of sqrt(2)
        "squares compared": 9 / 25,
    },
    "carried_update": {
        "translated in the wrong direction": at_the_three_inputs(
            0.4**0.7 * np.exp(0.3), 13**0.5, 1.5 + np.log1p(0.5 * np.exp(-1.5))
        ),
        "same formula for same method": at_the_three_inputs(0.58, 3.4, 2.0),
        "result left in the old chart": at_the_three_inputs(0.7 * np.exp(0.4) + 0.3, 1.8, np.log(1.5) + 0.5),
        # the derivatives of h are 1/theta = exp(-0.4), 2 theta = 4 and exp(theta) = 1.5
        "step moved as an arrow": at_the_three_inputs(0.1 + 0.3 * np.exp(-0.4), 4 - 4 * 0.2, 1.5 + 1.5 * 0.5),
    },
}
