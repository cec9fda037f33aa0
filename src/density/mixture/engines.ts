import type { Device } from "../../device";
import { centeredRows, columnMeans, lessOffset } from "../../neighbours/rows";
import type { HostRows } from "../../neighbours/rows";
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
  #device: DeviceMixture | undefined;

  constructor(rows: HostRows, precision: Precision, device: () => Promise<Device>) {
    this.offset = columnMeans(rows);
    this.rows = lessOffset(rows, this.offset);
    this.#host = new HostMixture(this.rows);
    [this.#precision, this.device] = [precision, device];
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
    if (this.#precision === "float64" || small) return this.#host;
    if (!this.#device) {
      const device = await this.device();
      const points = centeredRows(this.rows, new Float64Array(d), "GaussianMixture.fit");
      this.#device = await DeviceMixture.request(device, points, n, d);
    }
    return this.#device;
  }

  dispose(): void {
    this.#device?.dispose();
  }
}
