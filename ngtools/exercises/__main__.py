"""``python -m ngtools.exercises``: count the exercises, chapter by chapter."""

from ngtools.exercises.count import listing

if __name__ == "__main__":
    print(listing())
