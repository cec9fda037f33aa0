import { NdArray } from "../../ndarray";
import { generate } from "../../typed-arrays";

/**
 * How hard centres pull at codes: ‖(α+1)/α (1 + d²/α)⁻¹ (p − q)(z − μ)‖ for each code z [n, d] and centre μ [k, d], where p is the target of these codes; as
 * `decGradient` has it, on the host.
 * @param q soft assignments, [n, k]
 */
export function gradientSizes(
  z: NdArray,
  centers: NdArray,
  q: NdArray<Float32Array>,
  alpha: number,
): NdArray<Float32Array> {
  const [n, k] = q.shape as [number, number];
  const d = z.size / n;
  const frequency = new Float64Array(k);
  q.data.forEach((share, at) => (frequency[at % k]! += share));
  const size = new Float32Array(n * k);
  for (let i = 0; i < n; i++) {
    const target = generate(Float64Array, k, (j) => q.data[i * k + j]! ** 2 / (frequency[j]! || 1));
    const total = target.reduce((sum, part) => sum + part, 0) || 1;
    for (let j = 0; j < k; j++) {
      let square = 0;
      for (let c = 0; c < d; c++) square += (z.data[i * d + c]! - centers.data[j * d + c]!) ** 2;
      const weight = ((alpha + 1) / alpha / (1 + square / alpha)) * (target[j]! / total - q.data[i * k + j]!);
      size[i * k + j] = Math.abs(weight) * Math.sqrt(square);
    }
  }
  return new NdArray(size, [n, k]);
}
