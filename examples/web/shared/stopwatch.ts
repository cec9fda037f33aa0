// How long launches take: by the GPU's own clock where it may be read, else on the wall.
import type { Device } from "constella";

/** What a measurement says. */
export interface Timing {
  /** Median over the rounds, milliseconds a launch. */
  readonly ms: number;
  /** The best round. */
  readonly best: number;
  readonly clock: "timestamps" | "wall";
  /** Launches a round. */
  readonly launches: number;
}

/** A round is at least this long: Chromium rounds timestamps to 0.1 ms. */
const ROUND_MS = 10;
const ROUNDS = 5;
/** Launches of a round at most. */
const MOST_LAUNCHES = 100;
/** Option of a WebGPU device that is measured: a round goes to the GPU in one piece. */
export const IN_ONE_SUBMIT = { firstSubmit: MOST_LAUNCHES + 1 };

/** The adapter's clock: the times at which the queue reaches two marks. */
class TimestampClock {
  readonly #device: GPUDevice;
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #read: GPUBuffer;

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#queries = device.createQuerySet({ type: "timestamp", count: 2 });
    this.#resolved = device.createBuffer({ size: 16, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
    this.#read = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  }

  /** Milliseconds that the queue takes for what `submit` submits. */
  async time(submit: () => Promise<void>): Promise<number> {
    this.#mark({ endOfPassWriteIndex: 0 });
    const done = submit();
    this.#mark({ beginningOfPassWriteIndex: 1 });
    const encoder = this.#device.createCommandEncoder();
    encoder.resolveQuerySet(this.#queries, 0, 2, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#read, 0, 16);
    this.#device.queue.submit([encoder.finish()]);
    await done;
    await this.#read.mapAsync(GPUMapMode.READ);
    const [begin, end] = new BigUint64Array(this.#read.getMappedRange());
    const nanoseconds = Number(end! - begin!);
    this.#read.unmap();
    return nanoseconds / 1e6;
  }

  #mark(writes: { readonly endOfPassWriteIndex?: number; readonly beginningOfPassWriteIndex?: number }): void {
    const encoder = this.#device.createCommandEncoder();
    encoder.beginComputePass({ timestampWrites: { querySet: this.#queries, ...writes } }).end();
    this.#device.queue.submit([encoder.finish()]);
  }
}

/** The GPUDevice under a device, where there is one. */
export const gpuDeviceOf = (device: Device): GPUDevice | undefined =>
  (device as { readonly gpuDevice?: GPUDevice }).gpuDevice;

/** Times launches on one device. */
export class Stopwatch {
  readonly #device: Device;
  readonly #clock: TimestampClock | undefined;

  constructor(device: Device) {
    this.#device = device;
    const gpu = gpuDeviceOf(device);
    if (gpu?.features.has("timestamp-query")) this.#clock = new TimestampClock(gpu);
  }

  /** Times `launch`, which enqueues one launch: as many of them a round as make it long enough, after one that warms up. */
  async time(launch: () => void): Promise<Timing> {
    const round = async (launches: number): Promise<number> => {
      const begin = performance.now();
      for (let i = 0; i < launches; i++) launch();
      const clocked = await this.#clock?.time(() => this.#device.synchronize());
      if (clocked === undefined) await this.#device.synchronize();
      return clocked ?? performance.now() - begin;
    };
    await round(1);
    let launches = 1;
    for (let ms = await round(1); ms < ROUND_MS && launches < MOST_LAUNCHES;) {
      launches = Math.min(MOST_LAUNCHES, Math.max(2 * launches, Math.ceil((launches * ROUND_MS) / Math.max(ms, 0.05))));
      ms = await round(launches);
    }
    const times: number[] = [];
    for (let i = 0; i < ROUNDS; i++) times.push((await round(launches)) / launches);
    times.sort((a, b) => a - b);
    return {
      ...{ ms: times[ROUNDS >> 1]!, best: times[0]! },
      ...{ clock: this.#clock ? "timestamps" : "wall", launches },
    };
  }
}
