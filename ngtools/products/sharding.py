"""A batch spread over devices: three short functions around ``jax.sharding``; everything else is unchanged.

On a cluster each process calls ``jax.distributed.initialize()`` first and passes *its* examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from ngtools.products.batch import count_of

__all__ = ["data_mesh", "replicate", "spread"]


def data_mesh(devices: Sequence[Any] | None = None) -> Mesh:
    """Return a mesh of one axis, "data", over the given devices (all of every process by default)."""
    devices = jax.devices() if devices is None else devices
    # Auto: under Explicit axes, the default of jax.make_mesh, vmap over anything else fails
    return jax.make_mesh((len(devices),), ("data",), axis_types=(AxisType.Auto,), devices=devices)


def spread(batch: Any, mesh: Mesh) -> Any:
    """Return the batch with its examples spread evenly over the mesh.

    Parameters
    ----------
    batch
        A pytree of arrays with a leading axis of examples: those of *this process*.

    Raises
    ------
    ValueError
        The number of examples is no multiple of the number of devices of this process.
    """
    count, here = count_of(batch), len(mesh.local_devices)
    if count % here:
        raise ValueError(
            f"{count} examples cannot be spread evenly over {here} devices; leave out {count % here}, or repeat "
            "examples and pass weights="
        )
    sharding = NamedSharding(mesh, PartitionSpec("data"))
    return jax.tree.map(lambda leaf: jax.make_array_from_process_local_data(sharding, np.asarray(leaf)), batch)


def replicate(tree: Any, mesh: Mesh) -> Any:
    """Return the pytree with a copy on every device of the mesh: parameters, gradients."""
    return jax.device_put(tree, NamedSharding(mesh, PartitionSpec()))
