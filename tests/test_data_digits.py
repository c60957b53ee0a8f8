"""The digits are the file that scikit-learn ships, and a changed file is refused."""

import gzip
import hashlib
import shutil
from importlib.resources import files

import numpy as np
import pytest

from ngtools import data


def test_the_bytes_and_the_counts():
    content = files("ngtools.data").joinpath("digits.csv.gz").read_bytes()
    # stated a second time on purpose
    assert hashlib.sha256(content).hexdigest() == "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"
    found = data.digits()
    assert found.images.shape == (1797, 64)
    assert (found.images.min(), found.images.max()) == (0, 16)
    assert np.array_equal(found.images, np.round(found.images))
    # the counts of the test part in the repository's own description
    assert np.bincount(found.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert repr(found).startswith("digits: 1797 images of 8 x 8, 10 classes")
    assert found.source in repr(found)
    with pytest.raises(ValueError, match="read-only"):
        found.images[0, 0] = 1


def test_a_changed_file_is_refused(tmp_path):
    copy = shutil.copy(str(files("ngtools.data").joinpath("digits.csv.gz")), tmp_path / "digits.csv.gz")
    assert np.array_equal(data.digits(folder=tmp_path).images, data.digits().images)
    copy.write_bytes(gzip.compress(gzip.decompress(copy.read_bytes())[:-2]))
    with pytest.raises(ValueError, match=r"digits\.csv\.gz has changed.*restore the file"):
        data.digits(folder=tmp_path)
