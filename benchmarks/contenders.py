"""Who is measured.  Each maker returns (run, products a run, result): ``run()`` computes, ``result()`` is F v.

Everything that one linearisation allows to be shared is made before the clock starts, for the peers as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch

from benchmarks.problems import Problem, joined
from ngtools import linear, products

Contender = tuple[Callable[[], Any], int, Callable[[], np.ndarray] | None]


# -- the floor ------------------------------------------------------------------------------------------


def _matmuls(p: Problem, xp: Any, convert: Any) -> Callable[[], None]:
    """The 4 L - 2 products of matrices that one Fisher-vector product needs, and nothing else."""
    rng = np.random.default_rng(1)

    def draw(*shape: int) -> Any:
        return convert(rng.standard_normal(shape).astype(p.dtype))

    jobs = []
    for layer, w in enumerate(p.weights):
        i, o = w.shape
        a, g, W = draw(p.count, i), draw(p.count, o), convert(w)
        jobs.append((a, W, draw(p.count, o)))  # a V
        jobs.append((a.T, g, draw(i, o)))  # a^T g
        if layer:  # the tangent and the gradient of the inputs exist from the second layer on
            jobs.append((draw(p.count, i), W, draw(p.count, o)))
            jobs.append((g, W.T, draw(p.count, i)))

    def run() -> None:
        for left, right, out in jobs:
            xp.matmul(left, right, out=out)

    return run


def floor_numpy(p: Problem) -> Contender:
    return _matmuls(p, np, lambda x: x), 1, None


def floor_torch(p: Problem) -> Contender:
    return _matmuls(p, torch, torch.from_numpy), 1, None


# -- ours -----------------------------------------------------------------------------------------------


def net(params: Any, x: Any) -> Any:
    """The network, written for one example."""
    *hidden, (w, b) = params
    for kernel, bias in hidden:
        x = jnp.tanh(x @ kernel + bias)
    return x @ w + b


def _arrays(weights: Any, biases: Any) -> Any:
    return [(jnp.asarray(w), jnp.asarray(b)) for w, b in zip(weights, biases, strict=True)]


def _flat(tree: Any) -> np.ndarray:
    return joined([w for w, _ in tree], [b for _, b in tree])


def _operator(p: Problem, route: Any) -> tuple[Any, Any]:
    op = route(net, _arrays(p.weights, p.biases), jnp.asarray(p.X), "categorical")
    return op, _arrays(p.v_weights, p.v_biases)


def ours_call(p: Problem) -> Contender:
    op, v = _operator(p, products.fisher_vector_product)
    return lambda: jax.block_until_ready(op(v)), 1, lambda: _flat(op(v))


def _repeated(p: Problem, route: Any) -> Contender:
    op, v = _operator(p, route)
    times = 20 if p.name == "A" else 4

    @jax.jit
    def loop(op: Any, v: Any) -> Any:
        # each product needs the one before, as in a solve
        return jax.lax.fori_loop(0, times, lambda _, w: jax.tree.map(lambda a, b: a + 1e-3 * b, v, op(w)), v)

    return lambda: jax.block_until_ready(loop(op, v)), times, lambda: _flat(op(v))


def ours(p: Problem) -> Contender:
    return _repeated(p, products.fisher_vector_product)


def ours_kl(p: Problem) -> Contender:
    return _repeated(p, products.kl_hessian_vector_product)


def ours_cg(p: Problem) -> Contender:
    op, v = _operator(p, products.fisher_vector_product)
    # a damping that keeps the solve from stopping early, so that 20 steps are 20 steps
    solve = lambda: linear.cg(op, v, damping=1e-6, max_steps=20, tol=0.0)  # noqa: E731
    if int(solve().steps) != 20:
        raise AssertionError(f"the solve of problem {p.name} took {int(solve().steps)} steps, not 20")
    return lambda: jax.block_until_ready(solve()), 20, None


def gradient(p: Problem) -> Contender:
    """One forward and one reverse pass of the network: what a gradient costs."""
    params, X = _arrays(p.weights, p.biases), jnp.asarray(p.X)
    loss = lambda params, X: -jnp.mean(jax.nn.log_softmax(jax.vmap(net, (None, 0))(params, X))[:, 0])  # noqa: E731
    compiled = jax.jit(jax.grad(loss))
    return lambda: jax.block_until_ready(compiled(params, X)), 1, None


# -- peers ----------------------------------------------------------------------------------------------


def _torch_model(p: Problem) -> tuple[Any, Any, Any]:
    layers: list[Any] = []
    for w, b in zip(p.weights, p.biases, strict=True):
        linear_layer = torch.nn.Linear(*w.shape, dtype=torch.from_numpy(w).dtype)
        with torch.no_grad():
            linear_layer.weight.copy_(torch.from_numpy(w.T.copy()))
            linear_layer.bias.copy_(torch.from_numpy(b))
        layers += [linear_layer, torch.nn.Tanh()]
    model = torch.nn.Sequential(*layers[:-1])
    v = [torch.from_numpy(x.copy()) for w, b in zip(p.v_weights, p.v_biases, strict=True) for x in (w.T, b)]
    return model, torch.from_numpy(p.X), v


def _torch_flat(parts: Any) -> np.ndarray:
    parts = [part.detach().numpy() for part in parts]
    return joined([w.T for w in parts[::2]], parts[1::2])


def _mean_kl(model: Any, X: Any) -> Any:
    logits = model(X)
    old, new = (torch.distributions.Categorical(logits=z) for z in (logits.detach(), logits))
    return torch.distributions.kl_divergence(old, new).mean()


def torch_double_backward(p: Problem) -> Contender:
    """As widely copied TRPO code does it: mean KL, its gradient with a graph, and that one's derivative along v."""
    model, X, v = _torch_model(p)
    params = list(model.parameters())

    def product() -> Any:
        first = torch.autograd.grad(_mean_kl(model, X), params, create_graph=True)
        along = sum((g * x).sum() for g, x in zip(first, v, strict=True))
        return torch.autograd.grad(along, params)

    return product, 1, lambda: _torch_flat(product())


def torch_graph_kept(p: Problem) -> Contender:
    """As sb3-contrib does it: the gradient of the mean KL is made once, each product only differentiates it along v."""
    model, X, v = _torch_model(p)
    params = list(model.parameters())
    first = torch.autograd.grad(_mean_kl(model, X), params, create_graph=True)

    def product() -> Any:
        along = sum((g * x).sum() for g, x in zip(first, v, strict=True))
        return torch.autograd.grad(along, params, retain_graph=True)

    return product, 1, lambda: _torch_flat(product())


def curvlinops_ggn(p: Problem) -> Contender:
    from curvlinops import GGNLinearOperator

    model, X, v = _torch_model(p)
    # for softmax outputs the GGN does not depend on the labels and is the Fisher matrix
    labels = torch.zeros(p.count, dtype=torch.long)
    params = [x for x in model.parameters() if x.requires_grad]
    loss = torch.nn.CrossEntropyLoss(reduction="mean")
    G = GGNLinearOperator(model, loss, params, [(X, labels)], check_deterministic=False)
    return lambda: G @ v, 1, lambda: _torch_flat(G @ v)


def nngeometry_implicit(p: Problem) -> Contender:
    from nngeometry.layercollection import LayerCollection
    from nngeometry.metrics import FIM
    from nngeometry.object import PVector
    from nngeometry.object.pspace import PMatImplicit

    model, X, v = _torch_model(p)
    dataset = torch.utils.data.TensorDataset(X, torch.zeros(p.count, dtype=torch.long))
    loader = torch.utils.data.DataLoader(dataset, batch_size=p.count)
    F = FIM(model, loader, PMatImplicit, variant="classif_logits", device="cpu")
    layers = LayerCollection.from_model(model)
    parts = iter(v)
    vector = PVector(layers, dict_repr={key: (next(parts), next(parts)) for key in layers.layers})

    def result() -> np.ndarray:
        image = F.mv(vector).to_dict()
        return _torch_flat([part for key in layers.layers for part in image[key]])

    return lambda: F.mv(vector), 1, result


CONTENDERS: dict[str, Callable[[Problem], Contender]] = {
    "matmuls, NumPy": floor_numpy,
    "matmuls, PyTorch": floor_torch,
    "ours, inside jit": ours,
    "ours, one call": ours_call,
    "ours, KL Hessian": ours_kl,
    "ours, CG step": ours_cg,
    "forward and backward": gradient,
    "PyTorch double backward": torch_double_backward,
    "PyTorch, graph kept": torch_graph_kept,
    "curvlinops": curvlinops_ggn,
    "nngeometry": nngeometry_implicit,
}
