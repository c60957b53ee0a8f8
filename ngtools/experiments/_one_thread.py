"""Where seconds are counted: a process of its own, on one thread."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["on_one_thread"]

ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


def on_one_thread(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Return ``function(*arguments, **options)`` as a Python of its own computes it, whose libraries use one thread.

    The number of threads is fixed when a library is loaded, hence the process; and threads of the linear algebra library
    that wait for work burn CPU time, by the factor of ten.

    Parameters
    ----------
    function
        Of module level: it is imported there by its name.
    arguments, options
        What JSON can hold, as the result must be.
    """
    program = (
        f"import json, sys; from {function.__module__} import {function.__name__} as function; "
        "arguments, options = json.load(sys.stdin); print(json.dumps(function(*arguments, **options)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps([arguments, options]),
        env=os.environ | ONE_THREAD,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])
