"""What every Python contender shares: the problem and its arrays in a folder, `run` and `result` over standard input.

A script beside this one imports `problem`, `array` and `save`, defines `run()` and `result()`, and ends with `serve(run, result, version)`.
Arrays are raw files NAME.f32, .f64, .i32 or .u8. `run` computes once and its milliseconds are printed; `result` writes what `save` is given.
usage: python3 SCRIPT FOLDER
"""
import json, os, sys, time
from pathlib import Path
import numpy

folder = Path(sys.argv[1])
problem = json.loads((folder / "problem.json").read_text())
TYPES = {"f32": numpy.float32, "f64": numpy.float64, "i32": numpy.int32, "u8": numpy.uint8}

def array(name, *shape):
    """The array of that name, of that shape."""
    for suffix, dtype in TYPES.items():
        path = folder / f"{name}.{suffix}"
        if path.exists(): return numpy.fromfile(path, dtype).reshape(shape)
    raise FileNotFoundError(f"{name}: no such array in the problem")

def save(name, values):
    """Writes a result as float32."""
    numpy.ascontiguousarray(values, numpy.float32).tofile(folder / f"{name}.f32")

def serve(run, result, version):
    clock = time.process_time if os.environ.get("CONSTELLA_BENCH_CLOCK") == "cpu" else time.perf_counter
    print("ready", version, flush=True)
    for line in sys.stdin:
        if line.strip() == "run":
            start = clock()
            run()
            print((clock() - start) * 1e3, flush=True)
        else:
            result()
            print("done", flush=True)
