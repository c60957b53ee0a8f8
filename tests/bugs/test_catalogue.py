"""Each wrong program of the gallery is caught: put in the place of the right one, it turns the named test red."""

import importlib
import importlib.util
from pathlib import Path

import jax
import numpy as np
import pytest

from ngtools import bugs, families
from ngtools.bugs import variance_for_deviation

ROOT = Path(__file__).resolve().parents[2]
# what the named test is called with, where it takes arguments
ARGUMENTS = {
    "length from the damped product": {"damping": 0.5},
    "k1 differentiated on its samples": {
        "name": "bernoulli",
        "constants": {},
        "chart": "probability",
        "theta": [0.7],
        "ref": [0.4],
        "tol": 1e-13,
    },
}


def named_test(bug):
    """The named test, from a fresh copy of its module: what it imports is looked up now."""
    file, name = bug.caught_by.split("::")
    spec = importlib.util.spec_from_file_location("caught_by", ROOT / file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def wrong(bug):
    module, name = bug.program.rsplit(".", 1)
    return getattr(importlib.import_module(f"ngtools.bugs.{module}"), name)


@pytest.mark.parametrize("bug", bugs.CATALOGUE, ids=lambda bug: bug.program.split(".")[0])
def test_the_named_test_catches_the_wrong_program(bug, monkeypatch):
    if bug.program == "variance_for_deviation.family":  # a wrong statement is an argument of its test
        right, off = {"family": families.get("zero-mean-normal")}, {"family": variance_for_deviation.family()}
        right["chart"] = off["chart"] = "std"
    else:
        right = off = ARGUMENTS.get(bug.name, {})
    with jax.enable_x64(True):
        named_test(bug)(**right)
        if right is off:
            monkeypatch.setattr(bug.replaces, wrong(bug))
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            named_test(bug)(**off)


def test_every_wrong_program_is_in_the_catalogue():
    folder = Path(bugs.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "catalogue"}
    assert files == {bug.program.split(".")[0] for bug in bugs.CATALOGUE}
    assert all((folder / f"{name}.py").read_text().startswith('"""WRONG: ') for name in files)


def test_the_page_names_every_bug_and_every_test():
    shown = str(bugs.listed())
    page = (ROOT / "book" / "reference" / "bug_gallery.ipynb").read_text(encoding="utf8")
    for bug in bugs.CATALOGUE:
        file, name = bug.caught_by.split("::")
        assert bug.name in shown
        assert file in shown
        assert name in page
        assert bug.program.split(".")[0] in page


def test_labels_make_short_steps_and_then_long_ones():
    from ngtools.bugs.labels_as_samples import slopes

    assert slopes(False, steps=3, noise=0.1) == pytest.approx([0, 2, 2, 2], abs=1e-12)
    found = slopes(True, steps=7, noise=0.1)
    for before, after in zip(found, found[1:]):  # E[x^2 r^2] with residual r = (2 - w) x + e / 10
        assert after - before == pytest.approx((2 - before) / (3 * (2 - before) ** 2 + 0.01), rel=1e-9)


def test_only_k1_does_not_pull():
    from ngtools.bugs.differentiated_k1 import pulled

    family, theta, ref = families.get("categorical", K=3), [1.0, -1.0], [0.0, 0.5]
    ends = {n: pulled(n, family, theta, ref, 0.2, 60, 400, np.random.default_rng(1)) for n in ("k1", "k2", "k3")}
    assert ends["k1"][-1] > 0.7 * ends["k1"][0]  # 400 draws: the walk is a tenth of the way in 60 steps
    assert max(ends["k2"][-1], ends["k3"][-1]) < 0.05 * ends["k1"][0]
