import type { Tensor } from "../tensor";
import { Module } from "./module";

/** A network that maps items to codes, and codes back to items. */
export abstract class CodeNetwork extends Module {
  /** x [n, …] → z [n, code] */
  abstract encode(x: Tensor): Tensor;
  /** z [n, code] → x̂ [n, input] */
  abstract decode(z: Tensor): Tensor;
  /** What training changes of the way to the codes. */
  abstract encoderParameters(): Tensor[];

  override forward(x: Tensor): Tensor {
    return this.decode(this.encode(x));
  }
}
