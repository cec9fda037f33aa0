import type { Device } from "../../device";
import { noGrad } from "../../graph";
import { mixtureExpectation, mixtureMoments } from "../../kernels/mixture";
import type { HostRows } from "../../neighbours/rows";
import { empty, run, takeTensor, tensor, untidied } from "../../tensor";
import type { Tensor } from "../../tensor";
import { yieldWhenDue } from "../../event-loop";
import type { Moments, Scores } from "./parameters";

/** What one pass of expectation found. */
export interface Expectation {
  /** ln p(x) of each point, [n]. */
  readonly logProb: Float64Array<ArrayBuffer>;
  /** [n, k] */
  readonly resp: Float64Array<ArrayBuffer>;
}

/** Computes responsibilities of points and the moments they weigh, about the means of the scores. */
export interface MixtureEngine {
  /** Expectation, and the mean of ln p(x), without reading each point's. */
  pass(scores: Scores): Promise<{ readonly lowerBound: number; readonly moments: Moments }>;
  /** Each point's. */
  expectation(scores: Scores): Promise<Expectation>;
  /** Moments about given means, of given responsibilities [n, k]. */
  moments(resp: Float64Array, means: Float64Array, k: number, diagonal: boolean): Promise<Moments>;
  dispose(): void;
}

/** In float64 on the host. */
export class HostMixture implements MixtureEngine {
  readonly #rows: HostRows;

  constructor(rows: HostRows) {
    this.#rows = rows;
  }

  async expectation({ constants, means, factors, diagonal }: Scores): Promise<Expectation> {
    const { data, n, d } = this.#rows;
    const k = constants.length;
    const [logProb, resp] = [new Float64Array(n), new Float64Array(n * k)];
    const away = new Float64Array(d);
    for (let i = 0; i < n; i++) {
      let largest = -Infinity;
      for (let j = 0; j < k; j++) {
        for (let c = 0; c < d; c++) away[c] = data[i * d + c]! - means[j * d + c]!;
        let square = 0;
        for (let a = 0; a < d; a++) {
          let sum = 0;
          if (diagonal) sum = factors[j * d + a]! * away[a]!;
          else for (let b = 0, at = (j * d + a) * d; b <= a; b++) sum += factors[at + b]! * away[b]!;
          square += sum * sum;
        }
        const score = constants[j]! - 0.5 * square;
        resp[i * k + j] = score;
        if (score > largest) largest = score;
      }
      let total = 0;
      for (let j = i * k; j < (i + 1) * k; j++) total += resp[j] = Math.exp(resp[j]! - largest);
      for (let j = i * k; j < (i + 1) * k; j++) resp[j]! /= total;
      logProb[i] = largest + Math.log(total);
      if (i % 128 === 0) await yieldWhenDue();
    }
    return { logProb, resp };
  }

  async moments(resp: Float64Array, means: Float64Array, k: number, diagonal: boolean): Promise<Moments> {
    const { data, n, d } = this.#rows;
    const [zeroth, first] = [new Float64Array(k), new Float64Array(k * d)];
    const second = new Float64Array(k * d * (diagonal ? 1 : d));
    const away = new Float64Array(d);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < k; j++) {
        const r = resp[i * k + j]!;
        if (r === 0) continue;
        zeroth[j]! += r;
        for (let c = 0; c < d; c++) first[j * d + c]! += r * (away[c] = data[i * d + c]! - means[j * d + c]!);
        for (let a = 0; a < d; a++) {
          const value = r * away[a]!;
          if (diagonal) second[j * d + a]! += value * away[a]!;
          else for (let b = 0, at = (j * d + a) * d; b <= a; b++) second[at + b]! += value * away[b]!;
        }
      }
      if (i % 128 === 0) await yieldWhenDue();
    }
    return { zeroth, first, second };
  }

  async pass(scores: Scores): Promise<{ lowerBound: number; moments: Moments }> {
    const { logProb, resp } = await this.expectation(scores);
    const lowerBound = logProb.reduce((sum, value) => sum + value, 0) / logProb.length;
    return { lowerBound, moments: await this.moments(resp, scores.means, scores.constants.length, scores.diagonal) };
  }

  dispose(): void {}
}

/** Points that are summed in one go. */
const CHUNK = 256;
/** Elements of the partial sums at most. */
const PARTIALS = 2 ** 22;

/** By kernels in float32, of points about their mean; sums of chunks in float64. */
export class DeviceMixture implements MixtureEngine {
  readonly #x: Tensor;
  readonly #n: number;
  readonly #d: number;

  private constructor(x: Tensor, n: number, d: number) {
    [this.#x, this.#n, this.#d] = [x, n, d];
  }

  static async request(device: Device, points: Float32Array, n: number, d: number): Promise<DeviceMixture> {
    await device.prepare([mixtureExpectation, mixtureMoments]);
    return new DeviceMixture(await takeTensor(device, points, [n, d]), n, d);
  }

  async expectation(scores: Scores): Promise<Expectation> {
    const { resp, logProb, rest } = this.#expect(scores);
    try {
      const [shares, logs] = await Promise.all([resp.data(), logProb.data()]);
      return { resp: Float64Array.from(shares), logProb: Float64Array.from(logs) };
    } finally {
      for (const made of [resp, logProb, ...rest]) made.dispose();
    }
  }

  async pass(scores: Scores): Promise<{ lowerBound: number; moments: Moments }> {
    const { resp, logProb, rest } = this.#expect(scores);
    const k = scores.constants.length;
    const sums = this.#sum(resp, rest[0]!, k, scores.diagonal);
    try {
      const [partials, logs] = await Promise.all([sums.data(), logProb.data()]);
      return {
        lowerBound: Float64Array.from(logs).reduce((sum, value) => sum + value, 0) / this.#n,
        moments: this.#together(partials, k, scores.diagonal),
      };
    } finally {
      for (const made of [resp, logProb, sums, ...rest]) made.dispose();
    }
  }

  async moments(resp: Float64Array, means: Float64Array, k: number, diagonal: boolean): Promise<Moments> {
    const [shares, about] = untidied(() => [
      tensor(this.#x.device, Float32Array.from(resp), [this.#n, k]),
      tensor(this.#x.device, Float32Array.from(means), [k, this.#d]),
    ]);
    const sums = this.#sum(shares!, about!, k, diagonal);
    try {
      return this.#together(await sums.data(), k, diagonal);
    } finally {
      for (const made of [shares!, about!, sums]) made.dispose();
    }
  }

  dispose(): void {
    this.#x.dispose();
  }

  #expect(scores: Scores): { resp: Tensor; logProb: Tensor; rest: Tensor[] } {
    const [n, d, x] = [this.#n, this.#d, this.#x];
    const k = scores.constants.length;
    return untidied(() => {
      const given = [scores.means, scores.factors, scores.constants].map((values) =>
        tensor(x.device, Float32Array.from(values)),
      );
      const [means, factors, constants] = given as [Tensor, Tensor, Tensor];
      const resp = empty(x.device, [n, k], "f32", "GaussianMixture");
      const logProb = empty(x.device, [n], "f32", "GaussianMixture");
      const sizes = { n, d, k, diagonal: scores.diagonal ? 1 : 0 };
      noGrad(() => run(mixtureExpectation, { x, means, factors, constants, resp, log_prob: logProb, ...sizes }));
      return { resp, logProb, rest: given };
    });
  }

  #width(diagonal: boolean): number {
    return 1 + this.#d + (diagonal ? this.#d : this.#d * this.#d);
  }

  #sum(resp: Tensor, means: Tensor, k: number, diagonal: boolean): Tensor {
    const [n, d, x] = [this.#n, this.#d, this.#x];
    const width = this.#width(diagonal);
    const most = Math.max(1, Math.floor(PARTIALS / (k * width)));
    const length = Math.ceil(n / Math.min(most, Math.ceil(n / CHUNK)));
    const chunks = Math.ceil(n / length);
    return untidied(() => {
      const sums = empty(x.device, [chunks, k, width], "f32", "GaussianMixture");
      run(mixtureMoments, { x, resp, means, sums, n, d, k, diagonal: diagonal ? 1 : 0, chunks, length });
      return sums;
    });
  }

  #together(partials: ArrayLike<number>, k: number, diagonal: boolean): Moments {
    const d = this.#d;
    const width = this.#width(diagonal);
    const sums = new Float64Array(k * width);
    for (let at = 0; at < partials.length; at++) sums[at % sums.length]! += partials[at]!;
    const part = (from: number, size: number): Float64Array<ArrayBuffer> => {
      const out = new Float64Array(k * size);
      for (let j = 0; j < k; j++) out.set(sums.subarray(j * width + from, j * width + from + size), j * size);
      return out;
    };
    return { zeroth: part(0, 1), first: part(1, d), second: part(1 + d, width - 1 - d) };
  }
}
