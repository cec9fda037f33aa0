import { noGrad } from "../graph";
import type { DeviceBuffer } from "../device";
import type { Kernel } from "../kernel";
import { allFinite } from "../optim/clipping";
import { keep, Tensor, tidy, watched } from "../tensor";
import type { LaunchArgs } from "../tensor";

/** The op that gave a value which is not finite, and the kernel that did, which tells a gradient from the op itself. */
export interface Culprit {
  readonly op: string;
  readonly kernel: string;
}

/** They write part of their output at a time: the rest is not yet anything. */
const PARTIAL = new Set(["copy", "chunk_reduce"]);

/** Runs `fn`, which only enqueues ops, and names the first one whose result has a NaN or an infinity; every result is looked at. */
export async function firstNonFinite(fn: () => void): Promise<Culprit | undefined> {
  const names = new Map<DeviceBuffer, string>();
  const looks: { culprit: Culprit; finite: Tensor }[] = [];
  const ran = (kernel: Kernel, args: LaunchArgs): void => {
    if (PARTIAL.has(kernel.name)) return;
    for (const { name, access } of kernel.bindings) {
      const value = args[name];
      if (access !== "read_write" || !(value instanceof Tensor) || value.dtype !== "f32" || value.size === 0) continue;
      const finite = watched(undefined, () => tidy(() => noGrad(() => allFinite([value]))));
      looks.push({
        culprit: { op: names.get(value.buffer) ?? kernel.name, kernel: kernel.name },
        finite: keep(finite),
      });
    }
  };
  try {
    watched({ made: (buffer, op) => void names.set(buffer, op), ran }, fn);
    for (const { culprit, finite } of looks) if ((await finite.item()) === 0) return culprit;
    return undefined;
  } finally {
    for (const { finite } of looks) finite.dispose();
  }
}
