"""Every study: its stored file is complete, its claims hold, and a part computed afresh agrees."""

from __future__ import annotations

from statistics import median

import pytest

from ngtools import experiments
from ngtools.experiments import invariance_matrix, policies


@pytest.mark.parametrize("name", experiments.names())
def test_stored_results_are_those_of_the_code(name):
    module, stored = experiments.study(name), experiments.load(name)
    assert stored["settings"] == experiments.plain(module.SETTINGS)
    assert stored["verdicts"]
    assert all(stored["verdicts"].values()), stored["verdicts"]
    assert {claim: bool(v) for claim, v in module.check(stored["results"]).items()} == stored["verdicts"]
    fresh = experiments.plain(module.sample())
    assert fresh
    assert experiments.differences(stored["results"], fresh, module.TOLERANCE) == []


def test_differences_are_found():
    stored = {"a": [1.0, 2.0], "b": {"c": "yes", "d": 3}}
    assert experiments.differences(stored, {"a": [1.0, 2.0 + 1e-9]}, 1e-6) == []
    assert experiments.differences(stored, {"a": [1.0, 2.1]}, 1e-6) == ["/a[1]: stored 2.0, now 2.1"]
    assert experiments.differences(stored, {"b": {"c": "no", "e": 1}}, 1e-6) == [
        "/b/c: stored 'yes', now 'no'",
        "/b/e: not stored",
    ]
    assert experiments.differences(stored, {"a": [1.0]}, 1e-6) == ["/a: stored [1.0, 2.0], now 1 entries"]
    assert experiments.differences(stored, {"b": {"d": 3.5}}, 1e-6) == ["/b/d: stored 3, now 3.5"]
    assert experiments.differences(stored, {"a": {"c": 1}}, 1e-6) == ["/a: stored [1.0, 2.0], now a dictionary"]


def test_names_are_known():
    with pytest.raises(ValueError, match="no study 'song'; known: "):
        experiments.study("song")


def test_the_matrix_in_words():
    results = experiments.load("invariance_matrix")["results"]
    rows = invariance_matrix.rows(results)
    assert [row[0] for row in rows] == list(results["cells"])
    gradient = rows[0]
    assert gradient[1] == "exact"
    assert gradient[2] == f"broken, {results['cells']['gradient']['diagonal']['coefficient']:.2g}"
    assert gradient[-1] == "not defined"
    assert invariance_matrix.off_whole(
        {"cells": {"m": {"a": {"slope": 2.03}, "b": {"kind": "exact"}}}}
    ) == pytest.approx(0.03)


def test_the_settings_that_solve_cartpole_are_the_ones_that_were_kept():
    methods = experiments.load("policies")["results"]["methods"]
    rows = {}
    for line in policies.tuned.__doc__.splitlines():
        if line.strip().startswith(tuple(policies.GRID)):
            name, setting, solved, middle = line.split()
            rows[name] = setting.strip("`"), int(solved), int(middle)
    for name, (_, knob, _) in policies.GRID.items():
        found = methods[name]["solved"]
        iterations = [41 if entry is None else entry for entry in found]  # of 40: none is later than all
        assert rows[name][:2] == (f"{knob}={getattr(policies.tuned(name), knob)}", 32 - found.count(None))
        assert rows[name][2] == median(iterations)
    with pytest.raises(ValueError, match="no method 'SAC'; the study has REINFORCE"):
        policies.tuned("SAC")
