import type { NamedTensors } from "../nn/module";
import { contiguousStrides, copyBox } from "../ops/layout";
import { empty, untidied } from "../tensor";
import type { Tensor } from "../tensor";

function copyInto(to: Tensor, from: Tensor): void {
  const strides = contiguousStrides(from.shape);
  copyBox({ x: from, y: to, sizes: from.shape, xStrides: strides, yStrides: strides });
}

/** A copy of tensors as they once were, on their device: best weights, the last state that was good. */
export class Snapshot {
  readonly #originals: NamedTensors;
  readonly #copies: NamedTensors;

  /** Takes the first copy. */
  constructor(originals: NamedTensors) {
    this.#originals = originals;
    this.#copies = Object.fromEntries(
      Object.entries(originals).map(([name, { device, shape, dtype }]) => [
        name,
        untidied(() => empty(device, shape, dtype, "snapshot")),
      ]),
    );
    this.take();
  }

  /** The copies by name. */
  get tensors(): Readonly<NamedTensors> {
    return this.#copies;
  }

  /** Copies the tensors as they are. */
  take(): void {
    for (const [name, original] of Object.entries(this.#originals)) copyInto(this.#copies[name]!, original);
  }

  /** Makes the tensors what they were. */
  restore(): void {
    for (const [name, original] of Object.entries(this.#originals)) copyInto(original, this.#copies[name]!);
  }

  dispose(): void {
    for (const copy of Object.values(this.#copies)) copy.dispose();
  }
}
