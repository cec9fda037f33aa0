import { IDEC, IDEC_OPTIONS } from "../../models/embedded/idec";
import type { IDECOptions } from "../../models/embedded/idec";
import { DEC_EPOCHS, DEC_WORDS, resumedClustering, suitDEC } from "./dec";
import { IMAGE_ROWS_FLAGS, withAugment } from "../vision/feature-network";
import type { ImageRowsMethodOptions } from "../vision/feature-network";
import type { Method } from "../method";
import { described } from "../schema";

/** Options of IDEC with those of its `fit`. */
export interface IDECMethodOptions extends ImageRowsMethodOptions<IDECOptions> {
  readonly epochs?: number;
}

/** What γ is. */
export const GAMMA_WORDS = "weight of the clustering loss beside the reconstruction";

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
    ...described(IDEC_OPTIONS, { ...DEC_WORDS, gamma: GAMMA_WORDS }),
    ...IMAGE_ROWS_FLAGS,
    epochs: DEC_EPOCHS,
  },
  suit: suitDEC,
  make: ({ epochs: _, ...options }) => new IDEC(withAugment(options)),
  load: (bytes, options) => IDEC.load(bytes, resumedClustering(options)),
};
