import type { Device } from "../../device";
import { takeTensor } from "../../tensor";
import { TakenBlocks } from "./reading";
import type { OpenRows } from "./reading";

export { blockRows, openSource, readBlocks } from "./reading";
export type { Block, OpenRows } from "./reading";

/** `TakenBlocks` by `takeTensor`. */
export class Blocks extends TakenBlocks {
  constructor(device: Device, source: OpenRows, chunk: number, most?: number) {
    super(takeTensor, device, source, chunk, most);
  }
}
