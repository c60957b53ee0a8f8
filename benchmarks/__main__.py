"""Run a comparison in one process on one thread.

``python -m benchmarks [A D C] [--quick]`` compares Fisher-vector products, ``python -m benchmarks cartpole`` TRPO.

The process starts itself again, in the environment of the peers and with every thread pool at one, because pools
take their size when a library is loaded.
"""

from __future__ import annotations

import os
import sys

from benchmarks import environment

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "BENCH_STARTED": "1",
}

if os.environ.get("BENCH_STARTED") != "1":
    interpreter = sys.executable if environment.peers_installed() else environment.python()
    os.chdir(environment.ROOT)
    os.execve(interpreter, [interpreter, "-m", "benchmarks", *sys.argv[1:]], os.environ | ONE_THREAD)

if hasattr(os, "sched_setaffinity"):
    # one core, also for XLA, whose pool ignores the variables above
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[-1]})

if sys.argv[1:2] == ["cartpole"]:
    from benchmarks.cartpole import main

    main(sys.argv[2:])
else:
    from benchmarks.run import main

    main(sys.argv[1:])
