// Launches that tsc must refuse, each for one fault: it is an error of tsc if one of them is none.
import { defineKernel, grid1d, run } from "constella";
import type { Kernel, Tensor } from "constella";
import { codes } from "../../kernels/elementwise/unary.wgsl";
import sgdWgsl from "../../kernels/optimizers/sgd.wgsl";
import { kernel } from "../../src/kernel";
import { unary } from "../../src/kernels/elementwise";
import { partsOf } from "../../src/tensor";
import { matmul } from "../../src/kernels/linear-algebra";

/** Never called. */
export function launches(x: Tensor, y: Tensor): void {
  const right = { x, y, n: 1, op: 0, alpha: 0 };
  run(unary, right);
  run(unary, { ...right });
  // @ts-expect-error a buffer is missing
  run(unary, { x, n: 1, op: 0, alpha: 0 });
  // @ts-expect-error a param is missing
  run(unary, { x, y, n: 1, op: 0 });
  // @ts-expect-error a buffer is misspelt
  run(unary, { x, Y: y, n: 1, op: 0, alpha: 0 });
  // @ts-expect-error a param is misspelt
  run(unary, { x, y, n: 1, op: 0, alhpa: 0 });
  // @ts-expect-error one too many
  run(unary, { ...right, beta: 0 });
  // @ts-expect-error a number for a buffer
  run(unary, { ...right, y: 0 });
  // @ts-expect-error a buffer for a number
  run(unary, { ...right, n: x });
  // @ts-expect-error a param is missing in what is spread
  run(unary, { ...{ x, y, n: 1, op: 0 } });
  // @ts-expect-error a param that the kernel's parts do not depend on
  partsOf(matmul, x, { m: 1, n: 1, K: 1 });

  run(unary, { ...right, op: codes.RELU });
  // @ts-expect-error a code that the shader does not declare
  run(unary, { ...right, op: codes.RELUE });

  kernel(sgdWgsl, { grid: ({ n }, [size]) => grid1d(n, size), rows: ({ n }) => n });
  // @ts-expect-error a grid by a param that the shader does not have
  kernel(sgdWgsl, { grid: ({ m }, [size]) => grid1d(m, size), rows: ({ n }) => n });
  // @ts-expect-error rows likewise, where the launch is that of another kernel with a change
  kernel(sgdWgsl, { grid: ({ n }, [size]) => grid1d(n, size), rows: ({ n }) => n }, { rows: ({ m }) => m });

  const own = defineKernel({
    name: "own",
    wgsl: "",
    bindings: { x: "read", y: "read_write" },
    params: { n: "u32" },
    cpu: () => {},
    grid: ({ n }) => grid1d(n, 64),
    rows: ({ n }) => n,
  });
  run(own, { x, y, n: 1 });
  // @ts-expect-error kernels that users define are held to the names they give
  run(own, { x, y, N: 1 });

  const any: Kernel = unary;
  run(any, { whatever: x, it: 1 });
}
