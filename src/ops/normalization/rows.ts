import { record } from "../../graph";
import * as kernels from "../../kernels/normalization";
import { empty, format, run, sameShape } from "../../tensor";
import type { Tensor } from "../../tensor";
import { sum } from "../reduce";
import { seriesOf } from "../softmax";

/** Workgroups that keep a large GPU busy, and rows that a chunk of a sum over rows has at least. */
const BUSY = 256;
const CHUNK = 64;

/**
 * Normalises each row over the last axis: gamma (x − mean) / √(variance + eps) + beta, with the biased variance; gamma and
 * beta [d]. Gradients to all three. Ba, Kiros & Hinton 2016. @throws when shapes do not fit
 */
export function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, eps = 1e-5): Tensor {
  const d = x.shape[x.rank - 1];
  if (!d || !sameShape(gamma.shape, [d]) || !sameShape(beta.shape, [d]))
    throw new Error(
      `layerNorm: gamma and beta must be of shape [${d}], got ${format(gamma)} and ${format(beta)} for ${format(x)}`,
    );
  const { series: n, lanes } = seriesOf("layerNorm", x, -1);
  const y = empty(x.device, x.shape, "f32", "layerNorm");
  const stats = empty(x.device, [n, 2], "f32", "layerNorm");
  run(kernels.layerNorm, { x, gamma, beta, y, stats, n, d, lanes, eps });
  return record("layerNorm", y, [x, gamma, beta], (dy) => {
    let sums: { dgamma: Tensor; dbeta: Tensor } | undefined;
    const towardsParameters = (): { dgamma: Tensor; dbeta: Tensor } => {
      if (sums) return sums;
      const columns = Math.min(64, 2 ** Math.ceil(Math.log2(d)));
      const chunks = Math.min(Math.ceil(n / CHUNK), Math.ceil(BUSY / Math.ceil(d / columns)));
      const dgamma = empty(x.device, [chunks, d], "f32", "layerNorm");
      const dbeta = empty(x.device, [chunks, d], "f32", "layerNorm");
      const sizes = { n, d, chunks, length: Math.ceil(n / chunks), columns };
      run(kernels.layerNormBackwardParameters, { x, stats, dy, dgamma, dbeta, ...sizes });
      return (sums = { dgamma: sum(dgamma, 0), dbeta: sum(dbeta, 0) });
    };
    return [
      () => {
        const dx = empty(x.device, x.shape, "f32", "layerNorm");
        run(kernels.layerNormBackward, { x, gamma, stats, dy, dx, n, d, lanes });
        return dx;
      },
      () => towardsParameters().dgamma,
      () => towardsParameters().dbeta,
    ];
  });
}

/** Rows scaled to unit length: x / max(‖x‖, eps) over the last axis; a zero row stays zero. @throws when the last axis is empty */
export function l2Normalize(x: Tensor, eps = 1e-12): Tensor {
  const { series: n, n: d, lanes } = seriesOf("l2Normalize", x, -1);
  const y = empty(x.device, x.shape, "f32", "l2Normalize");
  const norms = empty(x.device, [n], "f32", "l2Normalize");
  run(kernels.l2Normalize, { x, y, norms, n, d, lanes, eps });
  return record("l2Normalize", y, [x], (dy) => [
    () => {
      const dx = empty(x.device, x.shape, "f32", "l2Normalize");
      run(kernels.l2NormalizeBackward, { y, norms, dy, dx, n, d, lanes, eps });
      return dx;
    },
  ]);
}
