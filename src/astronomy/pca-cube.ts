import { checkInteger, fitted, checkNames } from "../checks";
import { covarianceOf, mergeMoments, momentsOf } from "../cluster/pca/moments";
import type { Moments } from "../cluster/pca/moments";
import { DeviceHolder } from "../cluster/points";
import type { Device } from "../device";
import { chunkMoments } from "../kernels/moments";
import { symmetricEigen } from "../linear-algebra/symmetric-eigen";
import type { NdArrayLike } from "../matrix";
import { NdArray } from "../ndarray";
import { takeTensor } from "../tensor";
import { planesOf } from "./planes";
import { generate, mapTo } from "../typed-arrays";

/** Options of `BandPCA`. */
export interface BandPCAOptions {
  /** Default: as many as there are bands. */
  readonly nComponents?: number;
  /** Divides each band by its standard deviation. Default false. */
  readonly standardize?: boolean;
  readonly device?: Device;
}

/** Pixels that are looked at in one go. */
const CHUNK = 4096;
/** Elements on the device at a time: 64 MB. */
const BLOCK = 2 ** 24;

interface Found {
  readonly mean: Float64Array;
  readonly scale: Float64Array;
  readonly components: NdArray<Float64Array>;
  readonly explainedVariance: Float64Array;
  readonly explainedVarianceRatio: Float64Array;
}

/**
 * Principal components of the bands of a cube, pixels being the samples. A pixel without data in any band is left out. Strips of a cube that is larger than
 * memory are added one after the other: of each chunk of pixels the mean and the products about it are taken in float32, of at most 128 pixels at a time on
 * the WebAssembly device and about a common origin on WebGPU, and merged in float64. Of each component the entry of largest magnitude is positive.
 *
 * ```ts
 * const pca = new BandPCA({ nComponents: 3, device });
 * for (const strip of strips) await pca.add(strip);   // [bands, rows, width]
 * await pca.finish();
 * const images = pca.transform(cube);                 // [3, height, width]
 * ```
 */
export class BandPCA {
  readonly #nComponents: number | undefined;
  readonly #standardize: boolean;
  readonly #holder: DeviceHolder;
  #moments: Moments | undefined;
  /** About what products are taken: the mean of some of the first pixels with data in all bands. */
  #origin: Float32Array | undefined;
  #found: Found | undefined;

  /** @throws when nComponents is no whole number from 1 */
  constructor(options: BandPCAOptions = {}) {
    checkNames<BandPCAOptions>("BandPCA", options, { nComponents: true, standardize: "flag", device: true });
    const { nComponents, standardize = false, device } = options;
    if (nComponents !== undefined) checkInteger("BandPCA", { nComponents }, 1);
    this.#nComponents = nComponents;
    this.#standardize = standardize;
    this.#holder = new DeviceHolder(device);
  }

  /** Pixels with data in all bands so far. */
  get n(): number {
    return this.#moments?.n ?? 0;
  }
  /** Mean of each band. @throws before `finish`, as all these */
  get mean(): Float64Array {
    return this.#result("mean").mean;
  }
  /** What each band was divided by: its standard deviation, or 1. */
  get scale(): Float64Array {
    return this.#result("scale").scale;
  }
  /** Unit vectors [nComponents, bands], by decreasing variance. */
  get components(): NdArray<Float64Array> {
    return this.#result("components").components;
  }
  get explainedVariance(): Float64Array {
    return this.#result("explainedVariance").explainedVariance;
  }
  /** The same as a share of the variance of all bands. */
  get explainedVarianceRatio(): Float64Array {
    return this.#result("explainedVarianceRatio").explainedVarianceRatio;
  }

  /** Finds the components of a cube [bands, height, width]. @throws as `finish` */
  async fit(cube: NdArrayLike): Promise<this> {
    [this.#moments, this.#origin, this.#found] = [undefined, undefined, undefined];
    await this.add(cube);
    return this.finish();
  }

  /** Adds a strip [bands, rows, width]. @throws for another number of bands than before */
  async add(strip: NdArrayLike): Promise<this> {
    const op = "BandPCA.add";
    const { data, shape } = planesOf(strip, op);
    const [d, height, width] = shape;
    const n = height * width;
    const known = this.#moments?.mean.length ?? d;
    if (known !== d)
      throw new Error(`${op}: strips must have ${known} bands as those before, got [${shape.join(", ")}]`);
    this.#origin ??= meanOfFirst(data, n, d);
    const parts: Moments[] = this.#moments ? [this.#moments] : [];
    if (!this.#origin) parts.push({ n: 0, mean: new Float64Array(d), m2: new Float64Array(d * d) });
    else {
      const device = await this.#holder.get([]);
      await device.prepare([chunkMoments]);
      const most = Math.max(CHUNK, Math.floor(Math.min(BLOCK, device.maxBufferBytes / 4) / d / CHUNK) * CHUNK);
      for (let first = 0; first < n; first += most) {
        const pixels = Math.min(most, n - first);
        const complete = pixels === n ? data : cut(data, n, d, first, pixels);
        parts.push(...(await planeMoments(device, complete, pixels, d, this.#origin)));
      }
    }
    this.#moments = mergeMoments(parts);
    return this;
  }

  /** The components of all that was added. @throws for fewer than two pixels with data in all bands, and for more components than bands */
  async finish(): Promise<this> {
    const op = "BandPCA.finish";
    const moments = this.#moments;
    if (!moments || moments.n < 2)
      throw new Error(`${op}: two pixels with data in every band are needed, there are ${moments?.n ?? 0}`);
    const d = moments.mean.length;
    const c = this.#nComponents ?? d;
    if (c > d) throw new Error(`${op}: nComponents must be at most ${d}, the number of bands, got ${c}`);
    const covariance = covarianceOf(moments);
    const scale = generate(Float64Array, d, (a) => {
      const deviation = this.#standardize ? Math.sqrt(covariance[a * d + a]!) : 1;
      return deviation > 0 ? deviation : 1;
    });
    const scaled = covariance.map((value, i) => value / (scale[Math.floor(i / d)]! * scale[i % d]!));
    const { values, vectors } = await symmetricEigen(scaled, d, op); // ascending
    const variances = generate(Float64Array, d, (k) => Math.max(values[d - 1 - k]!, 0));
    const total = variances.reduce((sum, value) => sum + value, 0);
    const explainedVariance = variances.slice(0, c);
    this.#found = {
      mean: moments.mean.slice(),
      scale,
      components: new NdArray(
        generate(Float64Array, c * d, (i) => vectors[(d - 1 - Math.floor(i / d)) * d + (i % d)]!),
        [c, d],
      ),
      explainedVariance,
      explainedVarianceRatio: explainedVariance.map((value) => (total > 0 ? value / total : 0)),
    };
    return this;
  }

  /** Images of the components of a cube or a strip, [nComponents, height, width]; NaN where a band has no data. @throws for another number of bands */
  transform(cube: NdArrayLike): NdArray {
    const { mean, scale, components } = this.#result("transform");
    const { data, shape } = planesOf(cube, "BandPCA.transform");
    const [c, d] = components.shape as [number, number];
    if (shape[0] !== d) throw new Error(`BandPCA.transform: the cube must have ${d} bands, got [${shape.join(", ")}]`);
    const n = shape[1] * shape[2];
    const out = new Float32Array(c * n);
    // sums of many pixels at a time, in float64: offsets of 10,000 would cost float32 its digits
    const sums = new Float64Array(Math.min(n, CHUNK) * c);
    for (let first = 0; first < n; first += CHUNK) {
      const pixels = Math.min(CHUNK, n - first);
      sums.fill(0);
      for (let a = 0; a < d; a++) {
        const [center, by] = [mean[a]!, 1 / scale[a]!];
        for (let k = 0; k < c; k++) {
          const loading = components.data[k * d + a]! * by;
          const [from, to] = [a * n + first, k * pixels];
          for (let i = 0; i < pixels; i++) sums[to + i]! += loading * (data[from + i]! - center);
        }
      }
      for (let k = 0; k < c; k++)
        for (let i = 0; i < pixels; i++) {
          const value = sums[k * pixels + i]!;
          out[k * n + first + i] = value - value === 0 ? value : NaN;
        }
    }
    return new NdArray(out, [c, shape[1], shape[2]]);
  }

  /** 1 where every band of a cube has data, [height, width]. */
  mask(cube: NdArrayLike): NdArray<Uint8Array> {
    const { data, shape } = planesOf(cube, "BandPCA.mask");
    const n = shape[1] * shape[2];
    const mask = new Uint8Array(n).fill(1);
    for (let i = 0; i < data.length; i++) if (data[i]! - data[i]! !== 0) mask[i % n] = 0;
    return new NdArray(mask, [shape[1], shape[2]]);
  }

  /** Ends the device, if it was requested here. */
  async dispose(): Promise<void> {
    await this.#holder.dispose();
  }

  #result(what: string): Found {
    return fitted(`BandPCA.${what}`, this.#found);
  }
}

/** Mean of the first pixels with data in all bands, a chunk of them at most; undefined where there are none. */
function meanOfFirst(data: Float32Array, n: number, d: number): Float32Array | undefined {
  const sums = new Float64Array(d);
  let found = 0;
  for (let i = 0; i < n && found < CHUNK; i++) {
    let complete = true;
    for (let a = 0; a < d; a++) complete &&= data[a * n + i]! - data[a * n + i]! === 0;
    if (!complete) continue;
    for (let a = 0; a < d; a++) sums[a]! += data[a * n + i]!;
    found++;
  }
  return found > 0 ? mapTo(Float32Array, sums, (sum) => sum / found) : undefined;
}

/** Some pixels of all bands. */
function cut(data: Float32Array, n: number, d: number, first: number, pixels: number): Float32Array {
  const out = new Float32Array(d * pixels);
  for (let a = 0; a < d; a++) out.set(data.subarray(a * n + first, a * n + first + pixels), a * pixels);
  return out;
}

/** Moments of chunks of the pixels of planes [d, n], about an origin. */
async function planeMoments(
  device: Device,
  planes: Float32Array,
  n: number,
  d: number,
  origin: Float32Array,
): Promise<Moments[]> {
  const x = await takeTensor(device, planes, [d, n]);
  try {
    return await momentsOf(x, { n, d, rowStride: 1, columnStride: n }, origin);
  } finally {
    x.dispose();
  }
}
