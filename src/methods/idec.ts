import { IDEC } from "../models/idec";
import type { IDECOptions } from "../models/idec";
import { DEC_OPTIONS, suitDEC } from "./dec";
import type { Method } from "./method";
import { nonNegative } from "./schema";

/** Options of IDEC with those of its `fit`. */
export interface IDECMethodOptions extends IDECOptions {
  readonly epochs?: number;
}

/** `idec`. */
export const idec: Method<IDECMethodOptions> = {
  name: "idec",
  title: "IDEC",
  summary: "DEC that goes on reconstructing its input, so that the codes keep their meaning",
  paper: "Guo, Gao, Liu and Yin, Improved deep embedded clustering with local structure preservation, IJCAI 2017",
  takes: ["rows", "images"],
  target: "none",
  streams: true,
  clusters: "given",
  network: true,
  options: {
    ...DEC_OPTIONS,
    gamma: { kind: nonNegative, default: 0.1, help: "weight of the clustering loss beside the reconstruction" },
  },
  suit: suitDEC,
  make: ({ epochs: _, ...options }) => new IDEC(options),
  load: (bytes, { device, learningRate, pretrainLearningRate }) =>
    IDEC.load(bytes, { device, learningRate, pretrainLearningRate }),
};
