import { codes } from "../../kernels/reduction/chunk_reduce.wgsl";
import { noGrad } from "../graph";
import { checkPositive } from "../checks";
import * as kernels from "../kernels/reduction";
import { div, maximum, min, minimum, mul, shift, sqrt, sum } from "../ops";
import { empty, run, tidy, view } from "../tensor";
import type { Tensor } from "../tensor";

/** Elements of a chunk: one workgroup, or one run of a thread. */
const CHUNK = 4096;

const REDUCE = { finite: codes.FINITE, squares: codes.SQUARES } as const;

/** One number for each chunk of each tensor. */
function reduceChunks(name: string, tensors: readonly Tensor[], op: keyof typeof REDUCE): Tensor {
  const [like] = tensors;
  if (!like) throw new Error(`${name}: tensors must be one or more, got none`);
  const chunks = tensors.map((x) => Math.ceil(x.size / CHUNK));
  const y = empty(like.device, [chunks.reduce((a, b) => a + b, 0)], "f32", name);
  let first = 0;
  tensors.forEach((x, i) => {
    run(kernels.chunkReduce, { x, y, n: x.size, length: CHUNK, first, op: REDUCE[op] });
    first += chunks[i]!;
  });
  return y;
}

/**
 * 1 when every element of every tensor is finite, else 0, as a tensor [1]: for training loops to read now and then. Tests the
 * bits, since shader compilers may take comparisons with NaN away. @throws when there is no element to look at
 */
export function allFinite(tensors: readonly Tensor[]): Tensor {
  return noGrad(() => tidy(() => view(min(reduceChunks("allFinite", tensors, "finite")), [1])));
}

/** √Σ x² over every element of every tensor, as a tensor [1]; float32 with partial sums of 4,096. */
export function globalNorm(tensors: readonly Tensor[]): Tensor {
  return noGrad(() => tidy(() => view(sqrt(sum(reduceChunks("globalNorm", tensors, "squares"))), [1])));
}

/**
 * Gradients scaled by min(1, maxNorm / (‖g‖ + 10⁻⁶)), where ‖g‖ is the norm of all of them together (Pascanu et al. 2013,
 * algorithm 1; PyTorch's `clip_grad_norm_`). Nothing is read back. Returns new tensors, and the norm before as a tensor [1].
 * @throws when maxNorm is not positive
 */
export function clipGradientNorm(
  gradients: readonly Tensor[],
  maxNorm: number,
): { readonly gradients: Tensor[]; readonly norm: Tensor } {
  checkPositive("clipGradientNorm", { maxNorm });
  return noGrad(() =>
    tidy(() => {
      const norm = globalNorm(gradients);
      const factor = minimum(div(maxNorm, shift(norm, 1e-6)), 1);
      return { gradients: gradients.map((gradient) => view(mul(gradient, factor), gradient.shape)), norm };
    }),
  );
}

/** Gradients with every element brought into [−limit, limit]; new tensors. @throws when the limit is not positive */
export function clipGradientValue(gradients: readonly Tensor[], limit: number): Tensor[] {
  checkPositive("clipGradientValue", { limit });
  return noGrad(() => tidy(() => gradients.map((gradient) => maximum(minimum(gradient, limit), -limit))));
}
