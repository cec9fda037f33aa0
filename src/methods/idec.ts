import { IDEC, IDEC_OBJECTIVE } from "../models/idec";
import type { IDECOptions } from "../models/idec";
import { DEC_EPOCHS, DEC_WORDS, suitDEC } from "./dec";
import { augmentRows } from "../models/augment-rows";
import { IMAGE_ROWS_FLAGS, withAugment } from "./feature-network";
import type { ImageRowsMethodOptions } from "./feature-network";
import type { Method } from "./method";
import { described } from "./schema";

/** Options of IDEC with those of its `fit`. */
export interface IDECMethodOptions extends ImageRowsMethodOptions<IDECOptions> {
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
    ...described(IDEC_OBJECTIVE, { ...DEC_WORDS, gamma: "weight of the clustering loss beside the reconstruction" }),
    ...IMAGE_ROWS_FLAGS,
    epochs: DEC_EPOCHS,
  },
  suit: suitDEC,
  make: ({ epochs: _, ...options }) => new IDEC(withAugment(options)),
  load: (bytes, { device, learningRate, pretrainLearningRate }) =>
    IDEC.load(bytes, { device, learningRate, pretrainLearningRate, augmentWith: augmentRows }),
};
