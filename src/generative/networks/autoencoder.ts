import type { Device } from "../../device";
import type { RandomSource } from "../../nn/init";
import { CodeNetwork } from "../../nn/code-network";
import type { Module } from "../../nn/module";
import { sizeOf } from "../../ndarray";
import { reshape } from "../../ops/shape";
import type { Tensor } from "../../tensor";
import { Decoder, Encoder } from "./coders";
import type { CoderSpec } from "./coders";

/** An encoder of images to codes and the decoder back, which may be shown the encoder's planes of its sizes beside the code. */
export class CoderAutoencoder extends CodeNetwork {
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly skip: boolean;

  /** @param skip whether the decoder adds the encoder's planes of the same size to its own */
  constructor(
    device: Device,
    spec: CoderSpec,
    inputShape: readonly number[],
    code: number,
    random: RandomSource,
    skip = false,
  ) {
    super();
    this.encoder = new Encoder(device, spec, inputShape, { code }, random);
    this.decoder = new Decoder(device, spec, inputShape, code, random);
    this.skip = skip;
  }

  /** Names of its layers: the input, those of the encoder inwards, those of the decoder outwards, of which the last is the reconstruction. */
  get layerNames(): readonly string[] {
    const names = (part: string, layers: readonly Module[]): string[] => layers.map((_, i) => `${part}${i + 1}`);
    return ["input", ...names("encoder", this.encoder.convolutions), ...names("decoder", this.decoder.convolutions)];
  }

  /** x [n, …] → codes [n, code] */
  override encode(x: Tensor): Tensor {
    return this.encoder.forward(x);
  }

  /** z [n, code] → items [n, width], without planes of an encoder */
  override decode(z: Tensor): Tensor {
    return this.decoder.forward(z);
  }

  override encoderParameters(): Tensor[] {
    return this.encoder.parameters();
  }

  /** What all layers make of items, by their names: [n, c, h, w] each. */
  layers(x: Tensor): Readonly<Record<string, Tensor>> {
    const { inputShape } = this.encoder;
    const { planes, outwards } = this.#run(x);
    const all = [reshape(x, [x.size / sizeOf(inputShape), ...inputShape]), ...planes, ...outwards];
    return Object.fromEntries(this.layerNames.map((name, i) => [name, all[i]!]));
  }

  /** x [n, …] as the decoder gives it back, [n, width] */
  override forward(x: Tensor): Tensor {
    return reshape(this.#run(x).outwards.at(-1)!, [x.size / sizeOf(this.encoder.inputShape), -1]);
  }

  #run(x: Tensor): { planes: Tensor[]; outwards: Tensor[] } {
    const planes = this.encoder.planes(x);
    const code = this.encoder.head.forward(this.encoder.features(x, planes));
    return { planes, outwards: this.decoder.planes(code, this.skip ? planes : []) };
  }
}
