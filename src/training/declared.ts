import { Blueprint } from "../lifecycle/blueprint";
import { withPrefix } from "../lifecycle/checkpoint";
import type { NamedArrays } from "../lifecycle/checkpoint";
import type { Device } from "../device";
import { undrawnNetwork } from "../nn/init";
import type { Module } from "../nn/module";
import { format, sameShape } from "../tensor";
import type { Shape } from "../tensor";

/**
 * Holds the tensors that a checkpoint's settings declare against its arrays, before anything of their size is made.
 * @param arrays those of the network alone
 * @param build makes the modules on a device that holds nothing, by the prefix of their names
 * @throws when a tensor is missing, left over or of another shape, or the settings describe more than the arrays hold
 */
export function checkDeclared(arrays: NamedArrays, build: (device: Device) => Readonly<Record<string, Module>>): void {
  const held = Object.values(arrays).reduce((sum, { data }) => sum + 4 * data.length, 0);
  const modules = undrawnNetwork(() => build(new Blueprint(held)));
  const shapes: Record<string, Shape> = {};
  for (const [prefix, module] of Object.entries(modules))
    for (const [name, { shape }] of Object.entries(withPrefix(prefix, module.stateDict()))) shapes[name] = shape;
  for (const [name, shape] of Object.entries(shapes)) {
    const found = arrays[name];
    if (!found) throw new Error(`checkpoint: ${name} is missing, ${format(shape)}`);
    if (!sameShape(shape, found.shape))
      throw new Error(`checkpoint: ${name} must have the shape ${format(shape)}, got ${format(found.shape)}`);
  }
  const over = Object.keys(arrays).find((name) => !shapes[name]);
  if (over !== undefined) throw new Error(`checkpoint: its settings describe no ${over.slice(0, 60)}`);
}
