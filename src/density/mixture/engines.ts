import type { Device } from "../../device";
import { aboutMeans, centeredRows } from "../../neighbours/rows";
import type { AboutMeans, HostRows } from "../../neighbours/rows";
import { DeviceMixture, HostMixture } from "./engine";
import type { MixtureEngine } from "./engine";
import type { Scores } from "./parameters";

/** Multiply-adds of a pass from which kernels are worth their starting. */
const WORK = 2 ** 21;
/** Least share of a variance that float32 resolves. */
const SHARPNESS = 1e-4;

/** What computes: kernels, the host, or whichever suits the work. */
export type Precision = "auto" | "float32" | "float64";

/** The engines of a fit: points about their mean, on the host and, once it is worth it, on a device. */
export class Engines {
  readonly rows: HostRows;
  readonly offset: Float64Array<ArrayBuffer>;
  readonly #host: HostMixture;
  /** Where points lie, or one that is requested when it is first needed. */
  readonly device: () => Promise<Device>;
  readonly #precision: Precision;
  readonly #op: string;
  /** Whether squares of the points stay far from the ends of float32. */
  readonly #ordinary: boolean;
  #device: DeviceMixture | undefined;

  private constructor(about: AboutMeans, precision: Precision, device: () => Promise<Device>, op: string) {
    [this.rows, this.offset] = [about.rows, about.offset];
    this.#host = new HostMixture(this.rows);
    this.#ordinary = about.scale === 1;
    [this.#precision, this.device, this.#op] = [precision, device, op];
  }

  /** @throws `op: …` unless squares of the points about their mean fit float64 */
  static async of(rows: HostRows, precision: Precision, device: () => Promise<Device>, op: string): Promise<Engines> {
    return new Engines(await aboutMeans(rows, op), precision, device, op);
  }

  /** The engine that scores of this sharpness and kind take. */
  async for({
    constants,
    diagonal,
    sharpness,
  }: Pick<Scores, "constants" | "diagonal" | "sharpness">): Promise<MixtureEngine> {
    const { n, d } = this.rows;
    const work = n * constants.length * d * (diagonal ? 1 : d);
    const small = this.#precision === "auto" && (work < WORK || sharpness < SHARPNESS);
    if (this.#precision === "float64" || small || !this.#ordinary) return this.#host;
    if (!this.#device) {
      const device = await this.device();
      const points = await centeredRows(this.rows, new Float64Array(d), this.#op);
      this.#device = await DeviceMixture.request(device, points, n, d);
    }
    return this.#device;
  }

  dispose(): void {
    this.#device?.dispose();
  }
}

/** @throws when the regularisation is more than rows about their mean vary: no component would tell them apart */
export function checkRegularization({ data, n, d }: HostRows, regCovar: number, op: string): void {
  const variances = new Float64Array(d);
  data.forEach((value, at) => (variances[at % d]! += value ** 2 / n));
  const largest = variances.reduce((most, variance) => Math.max(most, variance), 0);
  if (largest > 0 && regCovar > largest)
    throw new Error(
      `${op}: regCovar must be at most the variance of the columns, ${largest.toPrecision(3)}, got ${regCovar}; scale x, or lower it`,
    );
}
