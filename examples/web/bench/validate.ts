// A launch is held against the same launch on another device: another implementation of the kernel, in another language.
import type { Device, DeviceBuffer, Kernel, KernelArgs } from "constella";
import type { Launch, Recorder } from "./recorder";

/** Largest error of an output, as a share of its largest value. */
const TOLERANCE = 2e-3;
/** And as a share of the largest value that is read: what a difference of nearly equal numbers leaves of them. */
const ROUNDING = 1e-6;
/** Words below it are whole numbers that count or number something, not bits of a float. */
const LEAST_FLOAT = 1e-30;
/** What a kernel calls its scratch: a twin that keeps its own there leaves the buffer alone. */
const SCRATCH = "work";
/** Share of whole numbers that may differ: nearest centres and largest values are decided by the last digits. */
const TIES = 1e-3;

const isInteger = (kernel: Kernel, name: string): boolean =>
  new RegExp(`\\b${name}\\s*:\\s*array\\s*<\\s*(atomic<)?\\s*(u32|i32)`).test(kernel.code);

/** Runs a launch on both devices from the same contents, and compares what it writes. @returns the largest error @throws when it is too large */
export async function compareLaunch(
  device: Device,
  other: Device,
  { kernel, args }: Launch,
  recorder: Recorder,
): Promise<number> {
  const twins: DeviceBuffer[] = [];
  try {
    const there: Record<string, DeviceBuffer | number> = {};
    let read = 0; // the largest value
    for (const { name, access } of kernel.bindings) {
      const buffer = args[name] as DeviceBuffer;
      const bytes = Math.min(buffer.bytes, Math.ceil(recorder.bytesOf(buffer) / 4) * 4);
      const twin = other.alloc(buffer.bytes, "bench");
      twins.push(twin);
      const contents = await device.read(buffer, 0, bytes);
      if (access === "read" && !isInteger(kernel, name)) read = Math.max(read, largest(new Float32Array(contents)));
      other.write(twin, new Uint8Array(contents));
      there[name] = twin;
    }
    for (const { name } of kernel.params) there[name] = args[name] as number;
    device.run(kernel, args);
    other.run(kernel, there as KernelArgs);
    let worst = 0;
    for (const { name, access } of kernel.bindings) {
      if (access === "read" || name === SCRATCH) continue;
      const bytes = Math.floor(recorder.bytesOf(args[name] as DeviceBuffer) / 4) * 4;
      const [got, want] = await Promise.all([
        device.read(args[name] as DeviceBuffer, 0, bytes),
        other.read(there[name] as DeviceBuffer, 0, bytes),
      ]);
      const error = isInteger(kernel, name) ? differing(got, want) : distance(got, want, (ROUNDING / TOLERANCE) * read);
      const limit = isInteger(kernel, name) ? TIES : TOLERANCE;
      if (!(error <= limit)) throw new Error(`${name} differs by ${error.toExponential(1)}, more than ${limit}`);
      worst = Math.max(worst, error);
    }
    return worst;
  } finally {
    for (const twin of twins) other.free(twin);
  }
}

/** Share of words that differ. Some kernels write floats as their bits, to write NaN: such words may differ by rounding. */
function differing(got: ArrayBuffer, want: ArrayBuffer): number {
  const [a, b, x, y] = [new Uint32Array(got), new Uint32Array(want), new Float32Array(got), new Float32Array(want)];
  const isRounded = (i: number): boolean =>
    Math.abs(y[i]!) > LEAST_FLOAT && Math.abs(x[i]! - y[i]!) <= ROUNDING * Math.abs(y[i]!);
  return a.reduce((count, value, i) => count + (value === b[i] || isRounded(i) ? 0 : 1), 0) / Math.max(1, a.length);
}

function distance(got: ArrayBuffer, want: ArrayBuffer, least: number): number {
  const [a, b] = [new Float32Array(got), new Float32Array(want)];
  let worst = 0;
  for (let i = 0; i < b.length; i++) {
    const apart = Object.is(a[i], b[i]) ? 0 : Math.abs(a[i]! - b[i]!);
    if (!(apart <= worst)) worst = apart; // NaN stays
  }
  return worst === 0 ? 0 : worst / Math.max(largest(b), least, 1e-30);
}

/** The largest size of a finite value. */
function largest(values: Float32Array): number {
  let most = 0;
  for (const value of values) {
    const size = Math.abs(value);
    if (size > most && size < Infinity) most = size;
  }
  return most;
}
