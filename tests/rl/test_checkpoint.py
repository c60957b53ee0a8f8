"""What is saved comes back, and what is not a checkpoint, or another one, is refused."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ngtools.rl import checkpoint


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    path = tmp_path / "p.npz"
    checkpoint.save(path, {"a": jnp.ones(2), "b": jax.random.key(0)})
    with pytest.raises(ValueError, match=r"they differ in \[\"\['b'\]\", \"\['c'\]\"\]"):
        checkpoint.load(path, {"a": jnp.ones(2), "c": jax.random.key(0)})
    with pytest.raises(ValueError, match=r"float32 of shape \(2,\) at \['a'\].*shape \(3,\)"):
        checkpoint.load(path, {"a": jnp.ones(3), "b": jax.random.key(0)})
    with pytest.raises(ValueError, match="jax_enable_x64"):
        checkpoint.load(path, {"a": np.ones(2), "b": jax.random.key(0)})
    np.savez(path, other=np.ones(2))
    with pytest.raises(ValueError, match="was not written by checkpoint.save"):
        checkpoint.load(path, {})
    np.savez(path, header=np.array("{}", dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):  # nothing in the file is executed
        checkpoint.load(path, {})


def test_keys_and_every_kind_of_number_come_back(tmp_path):
    tree = {"w": jnp.arange(3.0), "n": jnp.asarray(7), "on": jnp.asarray(True), "key": jax.random.key(3)}
    checkpoint.save(tmp_path / "tree.npz", tree)
    found = checkpoint.load(tmp_path / "tree.npz", jax.tree.map(lambda leaf: leaf, tree))
    assert {name: leaf.dtype for name, leaf in found.items()} == {name: leaf.dtype for name, leaf in tree.items()}
    assert found["w"].tolist() == [0, 1, 2]
    assert (int(found["n"]), bool(found["on"])) == (7, True)
    assert jax.random.uniform(found["key"]) == jax.random.uniform(tree["key"])


def test_a_key_is_not_an_array(tmp_path):
    checkpoint.save(tmp_path / "a.npz", {"a": jax.random.key(0)})
    with pytest.raises(ValueError, match=r"holds a key of threefry2x32 at \['a'\], like has an array"):
        checkpoint.load(tmp_path / "a.npz", {"a": jnp.zeros(2, jnp.uint32)})
    checkpoint.save(tmp_path / "b.npz", {"a": jnp.zeros(2, jnp.uint32)})
    with pytest.raises(ValueError, match=r"holds an array at \['a'\], like has a key of threefry2x32"):
        checkpoint.load(tmp_path / "b.npz", {"a": jax.random.key(0)})


def test_files_of_other_programs_are_refused(tmp_path):
    np.save(tmp_path / "one.npy", np.ones(2))
    with pytest.raises(ValueError, match="one.npy was not written by checkpoint.save: it holds one array"):
        checkpoint.load(tmp_path / "one.npy", {})
    (tmp_path / "words.txt").write_text("a letter")
    with pytest.raises(ValueError, match="words.txt was not written by checkpoint.save: "):
        checkpoint.load(tmp_path / "words.txt", {})
    np.savez(tmp_path / "new.npz", header=np.array(json.dumps({"format": 99, "leaves": []})))
    with pytest.raises(ValueError, match="new.npz has format 99; this code reads format"):
        checkpoint.load(tmp_path / "new.npz", {})
    with pytest.raises(TypeError, match=r"must hold arrays of numbers and keys \(got 'x' at \['name'\]\)"):
        checkpoint.save(tmp_path / "x.npz", {"name": "x"})
    assert not (tmp_path / "x.npz").exists()


def test_a_file_says_which_format_it_has(tmp_path):
    """The files that are about must be read by what comes after: the first format is 1."""
    path = tmp_path / "p.npz"
    checkpoint.save(path, [jnp.ones(2), jax.random.key(0)])
    with np.load(path) as file:
        header = json.loads(str(file["header"]))
        assert sorted(file) == ["header", "leaf0", "leaf1"]
    assert header == {"format": 1, "leaves": [{"place": "[0]", "key": ""}, {"place": "[1]", "key": "threefry2x32"}]}
    np.savez(path, header=np.array(json.dumps({"format": 0, "leaves": []})))
    with pytest.raises(ValueError, match="has format 0; this code reads format 1"):
        checkpoint.load(path, {})


def test_differences_are_named_in_either_direction(tmp_path):
    path = tmp_path / "p.npz"
    checkpoint.save(path, {name: jnp.ones(3) for name in "bcd"})
    for names, shown in (("xyz", r"\[\"\['b'\]\", \"\['c'\]\", \"\['d'\]\"\]$"), ("ab", r"'a'.*'c'.*'d'")):
        with pytest.raises(ValueError, match=shown):
            checkpoint.load(path, {name: jnp.ones(3) for name in names})
    for like in (np.ones(2, np.float32), np.ones((3, 1), np.float32), np.ones(3, np.float16), np.ones(3, np.int32)):
        with pytest.raises(ValueError, match=r"holds float32 of shape \(3,\) at \['b'\], like has"):
            checkpoint.load(path, {name: like for name in "bcd"})
    checkpoint.save(path, jax.random.key(0))
    with pytest.raises(ValueError, match="holds a key of threefry2x32 at , like has a key of rbg"):
        checkpoint.load(path, jax.random.key(0, impl="rbg"))
    checkpoint.save(path, jax.random.key(0, impl="rbg"))
    with pytest.raises(ValueError, match="holds a key of rbg at , like has a key of threefry2x32"):
        checkpoint.load(path, jax.random.key(0))


def test_half_a_file_is_none(tmp_path):
    path = tmp_path / "p.npz"
    checkpoint.save(path, jnp.arange(5.0))
    whole = path.read_bytes()
    for part in (whole[: len(whole) // 2], b""):
        path.write_bytes(part)
        with pytest.raises(ValueError, match="p.npz was not written by checkpoint.save: "):
            checkpoint.load(path, jnp.arange(5.0))
    with pytest.raises(FileNotFoundError):
        checkpoint.load(tmp_path / "q.npz", ())
