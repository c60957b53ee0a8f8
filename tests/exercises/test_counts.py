"""A chapter has five to eight exercises of all three kinds; the listing counts them."""

from __future__ import annotations

import pytest

from ngtools.exercises import by_chapter
from ngtools.exercises.count import CHAPTERS, FEWEST, MOST, count, listing


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_has_enough_exercises_of_every_kind(chapter):
    found = count(chapter, by_chapter()[chapter])
    assert FEWEST <= found.exercises <= MOST
    assert min(found.values, found.functions, found.predictions) >= 1
    assert found.values + found.functions + found.predictions == found.exercises


def test_no_exercise_is_outside_the_chapters():
    assert tuple(by_chapter()) == CHAPTERS


def test_the_listing_counts_every_chapter_and_the_total():
    first, *rows, total = listing().splitlines()
    assert first.startswith("chapter")
    assert [row.split()[0] for row in rows] == list(by_chapter())
    exercises = [exercise for chapter in by_chapter().values() for exercise in chapter]
    mistakes = sum(len(exercise.mistakes) for exercise in exercises)
    assert total == f"{len(exercises)} exercises, {mistakes} wrong answers with feedback"
