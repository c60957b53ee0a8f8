"""Every wrong answer that a program computes, once more by hand: what a misconception gives is not taken on trust."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from ngtools.exercises import all_exercises, by_chapter

MODULES = [importlib.import_module(path.stem) for path in sorted(Path(__file__).parent.glob("wrong_*.py"))]
WRONG = {name: answers for module in MODULES for name, answers in module.WRONG.items()}
# those that only a network, a data set or a random stream can give; each module says why
LEFT_OUT = {pair for module in MODULES for pair in getattr(module, "LEFT_OUT", set())}
CHAPTER = {exercise.name: chapter for chapter, exercises in by_chapter().items() for exercise in exercises}
CASES = [
    pytest.param(name, misconception, id=f"{CHAPTER[name]}-{name}-{misconception}")
    for name, answers in WRONG.items()
    for misconception in answers
]


@pytest.mark.parametrize(("name", "misconception"), CASES)
def test_the_mistake_by_hand_is_recognised(name, misconception):
    verdict = all_exercises()[name].judge(WRONG[name][misconception])
    assert verdict.right is False, verdict.message
    assert verdict.misconception == misconception, verdict.message


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_computed_mistake_of_its_chapters_is_there(module):
    chapters = module.__name__.split("_")[1:]
    computed = {
        (exercise.name, mistake.misconception)
        for chapter in chapters
        for exercise in by_chapter()[chapter]
        for mistake in exercise.mistakes
        if exercise.kind != "prediction"
    }
    written = {(name, misconception) for name, answers in module.WRONG.items() for misconception in answers}
    assert written | LEFT_OUT >= computed
    assert not written & LEFT_OUT
