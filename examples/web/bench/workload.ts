// What a workload is, its numbers, and sizes as texts.
import * as c from "constella";
import type { Device, Tensor } from "constella";

/** Sizes of a workload by name. */
export type Sizes = Readonly<Record<string, number>>;

/** The three sizes that are offered. */
export const SCALES = ["small", "medium", "large"] as const;
export type Scale = (typeof SCALES)[number];

/** Something that launches kernels. */
export interface Workload {
  readonly name: string;
  /** Sizes of the three scales: one number for all of them, or one each. */
  readonly sizes: Readonly<Record<string, number | readonly [number, number, number]>>;
  readonly run: (device: Device, sizes: Sizes) => Promise<void> | void;
}

/** Numbers from −1 to 1, the same every time. */
export function values(count: number, seed = 1): Float32Array<ArrayBuffer> {
  const out = new Float32Array(count);
  new c.Random(seed).fillUniform(out, -1, 1);
  return out;
}

/** Numbers from −limit to limit. */
export const made = (device: Device, shape: readonly number[], seed = 1, limit = 1): Tensor => {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return c.parameter(
    device,
    values(size, seed).map((value) => limit * value),
    shape,
  );
};

export const labelsOf = (device: Device, n: number, k: number, shape: readonly number[] = [n]): Tensor =>
  c.indices(
    device,
    Uint32Array.from({ length: n }, (_, i) => (i * 7919) % k),
    shape,
  );

/** f and the gradient of a weighted sum of what it gives, with respect to the inputs. */
export function backAndForth(inputs: readonly Tensor[], f: (...inputs: Tensor[]) => Tensor): void {
  c.tidy(() => {
    const y = f(...inputs);
    c.grad(y.size === 1 ? y : c.sum(c.mul(y, c.tensor(y.device, values(y.size, 9), y.shape))), inputs);
  });
}

/** One step of an optimizer on n parameters. */
export const step =
  (make: (params: readonly Tensor[]) => c.Optimizer) =>
  (device: Device, { n }: Sizes) => {
    const param = made(device, [n!]);
    c.tidy(() => make([param]).step([c.tensor(device, values(n!, 2))]));
  };

/** Sizes of a workload at a scale. */
export const sizesAt = ({ sizes }: Workload, scale: Scale): Sizes =>
  Object.fromEntries(
    Object.entries(sizes).map(([name, size]) => [name, typeof size === "number" ? size : size[SCALES.indexOf(scale)]!]),
  );

/** Sizes as the page shows them: "m 512, k 512, n 512". */
export const sizesText = (sizes: Sizes): string =>
  Object.entries(sizes)
    .map(([name, size]) => `${name} ${size}`)
    .join(", ");

/** Reads what `sizesText` wrote. @throws for names that the workload does not have, and sizes that are not whole */
export function parseSizes({ name, sizes }: Workload, text: string): Sizes {
  const found = Object.fromEntries(
    text.split(",").map((part) => {
      const [key = "", size = ""] = part.trim().split(/\s+/);
      return [key, Number(size)];
    }),
  );
  const wanted = Object.keys(sizes);
  if (
    wanted.length !== Object.keys(found).length ||
    !wanted.every((key) => Number.isInteger(found[key]) && found[key]! > 0)
  )
    throw new Error(`${name}: sizes are whole numbers for ${wanted.join(", ")}, “${text}”`);
  return found;
}
