import { uniforms } from "../uniforms";

/** n points in d dimensions around k places, by turns. */
export function blobs(n: number, d: number, k: number, seed: number, offset = 0): Float32Array {
  const random = uniforms(seed);
  const places = Float64Array.from({ length: k * d }, () => 20 * random());
  return Float32Array.from({ length: n * d }, (_, i) => {
    const place = places[(Math.floor(i / d) % k) * d + (i % d)]!;
    return offset + place + random() + random() - 1;
  });
}
