"""Where the gradients of four programs lead, and what the bandit refuses."""

from __future__ import annotations

import numpy as np
import pytest

from ngtools.rl import penalised_bandit

REF, REWARDS, BETA = [0.5, 0.3, 0.2], [0.0, 0.5, 1.0], 0.5


@pytest.mark.parametrize(
    ("name", "place", "expected"),
    [
        ("k2", "loss", penalised_bandit.gibbs(REF, REWARDS, BETA)),
        ("k1", "reward", penalised_bandit.gibbs(REF, REWARDS, BETA)),
        ("k3", "loss", penalised_bandit.reverse_optimum(REF, REWARDS, BETA)),
    ],
)
def test_a_program_ends_at_the_optimum_of_its_divergence(name, place, expected):
    """Exact gradients contract linearly; after 60 steps of rate 3 what is left is below 1e-6."""
    end = penalised_bandit.ascend(name, place, REF, REWARDS, BETA, rate=3.0, steps=60)[-1]
    np.testing.assert_allclose(end, expected, atol=1e-6)


def test_the_log_ratio_in_the_loss_is_no_penalty():
    """Step by step the same as with beta almost 0."""
    with_penalty = penalised_bandit.ascend("k1", "loss", REF, REWARDS, BETA, steps=20)
    without = penalised_bandit.ascend("k2", "loss", REF, REWARDS, 1e-12, steps=20)
    np.testing.assert_allclose(with_penalty, without, atol=1e-9)
    assert with_penalty[-1][-1] > with_penalty[0][-1] + 0.1


def test_limits_of_the_weight():
    for optimum in (penalised_bandit.gibbs, penalised_bandit.reverse_optimum):
        np.testing.assert_allclose(optimum(REF, REWARDS, 1e6), REF, atol=1e-5)
        # the reverse optimum leaves beta ref / (nu - r) elsewhere: first order in beta
        np.testing.assert_allclose(optimum(REF, REWARDS, 1e-4), [0, 0, 1], atol=1e-3)
        tied = optimum([0.25, 0.25, 0.5], [1.0, 1.0, 0.0], 0.3)
        assert tied[0] == pytest.approx(tied[1])
        assert tied.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"ref": [0.5, 0.5, 0.2]}, "ref must be positive probabilities"),
        ({"ref": [0.5, 0.5, 0.0]}, "ref must be positive probabilities"),
        ({"ref": [0.6, 0.6, -0.2]}, "ref must be positive probabilities"),
        ({"ref": [0.5, 0.3, 0.2 + 1.1e-9]}, "ref must be positive probabilities"),
        ({"ref": [0.5, 0.3, 0.2 - 1.1e-9]}, "ref must be positive probabilities"),
        ({"rewards": [0.0, 1.0]}, "rewards must have shape"),
        ({"rewards": [0.0, 1.0, 0.5, 0.2]}, "rewards must have shape"),
        ({"rewards": [0.0, np.nan, 1.0]}, "rewards contains nan at index 1"),
        ({"beta": 0.0}, "beta"),
        ({"rewards": [0.0, 0.0, 0.0], "beta": 5e-309}, "too small"),
        ({"rewards": [0.0, 0.0, 1e10], "beta": 1e-300}, "too small"),
    ],
)
def test_bad_input(change, match):
    given = {"ref": REF, "rewards": REWARDS, "beta": BETA} | change
    with pytest.raises(ValueError, match=match):
        penalised_bandit.gibbs(**given)
    with pytest.raises(ValueError, match=match):
        penalised_bandit.reverse_optimum(**given)


def test_a_reference_may_miss_its_sum_by_rounding():
    """The optimum of equal rewards is the reference, brought to sum 1; one action has no choice."""
    for wrong in (0.9e-9, -0.9e-9):
        for optimum in (penalised_bandit.gibbs, penalised_bandit.reverse_optimum):
            found = optimum([0.3, 0.7 + wrong], [2.0, 2.0], BETA)
            assert found == pytest.approx([0.3, 0.7], abs=1e-9)
            assert found.sum() == pytest.approx(1, abs=1e-13)
    assert penalised_bandit.reverse_optimum([1.0], [3.0], BETA).tolist() == [1]
    assert penalised_bandit.gibbs(REF, [0.0, 0.0, 0.0], 8e-309) == pytest.approx(REF)


@pytest.mark.parametrize("beta", [1e-30, 1e-13, 1e-4, 0.5, 1e6])
def test_the_reverse_optimum_is_precise_at_every_weight(beta):
    """r + beta ref / pi is one number nu; a rare action that is best gets nearly everything where beta is small."""
    ref, r = np.array([0.5, 0.5 - 1e-6, 1e-6]), np.array([0.0, 0.5, 1.0])
    pi = penalised_bandit.reverse_optimum(ref, r, beta)
    assert pi.sum() == pytest.approx(1, abs=1e-12)
    nu = r + beta * ref / pi
    assert nu == pytest.approx(np.full(3, nu[0]), rel=1e-12)


def test_a_step_of_ascent_by_hand():
    """By k1 in the reward, whose gradient is pi (l - E l): none at the reference, where l = log(pi / ref) is 0."""
    one, two = penalised_bandit.ascend("k1", "reward", REF, REWARDS, BETA, steps=2)[1:]
    ref, r = np.array(REF), np.array(REWARDS)

    def moved(pi, gain):
        weights = pi * np.exp(pi * (gain - pi @ gain))  # rate 1
        return weights / weights.sum()

    assert one == pytest.approx(moved(ref, r), rel=1e-12)
    assert two == pytest.approx(moved(one, r - BETA * np.log(one / ref)), rel=1e-12)
    assert penalised_bandit.ascend("k1", "reward", REF, REWARDS, BETA).shape == (201, 3)
    assert penalised_bandit.ascend("k1", "reward", REF, REWARDS, BETA, rate=0.5, steps=1).shape == (2, 3)
    with pytest.raises(ValueError, match="rate must be > 0"):
        penalised_bandit.ascend("k1", "reward", REF, REWARDS, BETA, rate=0.0)
