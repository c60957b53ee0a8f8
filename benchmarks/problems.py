"""The problems: a tanh network with softmax outputs, as NumPy arrays that every contender reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Problem:
    """Weights of shape (inputs, outputs), biases, inputs of the network, and the vector to multiply."""

    name: str
    sizes: tuple[int, ...]
    count: int
    dtype: Any
    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    X: np.ndarray
    v_weights: tuple[np.ndarray, ...]
    v_biases: tuple[np.ndarray, ...]

    @property
    def parameters(self) -> int:
        return sum(w.size + b.size for w, b in zip(self.weights, self.biases, strict=True))


SHAPES = {
    "A": ((4, 64, 64, 2), 1024),
    "D": ((64, 512, 512, 18), 2048),
    "C": ((4, 64, 64, 2), 50_000),
}


def make(name: str, dtype: Any) -> Problem:
    """Return a problem by name; the same numbers in each precision."""
    sizes, count = SHAPES[name]
    rng = np.random.default_rng(0)
    pairs = list(zip(sizes[:-1], sizes[1:], strict=True))

    def draw(*shape: int, scale: float = 1.0) -> np.ndarray:
        return (scale * rng.standard_normal(shape)).astype(dtype)

    return Problem(
        name=name,
        sizes=sizes,
        count=count,
        dtype=np.dtype(dtype),
        weights=tuple(draw(i, o, scale=i**-0.5) for i, o in pairs),
        biases=tuple(draw(o, scale=0.1) for _, o in pairs),
        X=draw(count, sizes[0]),
        v_weights=tuple(draw(i, o) for i, o in pairs),
        v_biases=tuple(draw(o) for _, o in pairs),
    )


def joined(weights: Any, biases: Any) -> np.ndarray:
    """Return one vector: for each layer the kernel row by row, then the bias."""
    parts = [
        np.concatenate([np.asarray(w).ravel(), np.asarray(b).ravel()]) for w, b in zip(weights, biases, strict=True)
    ]
    return np.concatenate(parts)
