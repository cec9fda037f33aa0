import { API } from "./adapter";
import type { Adapter, Adapters } from "./adapter";
import { ASTRONOMY_BANDS } from "./methods/astronomy-bands";
import { ASTRONOMY_FITS } from "./methods/astronomy-fits";
import { ASTRONOMY_SKY } from "./methods/astronomy-sky";
import { AUDIO } from "./ops/audio";
import { CLUSTERING } from "./methods/clustering";
import { CONVOLUTION } from "./ops/convolution";
import { DENSITY } from "./methods/density";
import { ELEMENTWISE } from "./ops/elementwise";
import { ESOM } from "./methods/esom";
import { GENERATIVE } from "./ops/generative";
import { IMAGES } from "./ops/images";
import { INDEXING } from "./ops/indexing";
import { LEARNING_TO_CLUSTER } from "./methods/learning-to-cluster";
import { LOSSES } from "./ops/losses";
import { MANIFOLD } from "./methods/manifold";
import { MATMUL } from "./ops/matmul";
import { METRICS } from "./methods/metrics";
import { NORMALIZATION } from "./ops/normalization";
import { OPTIMIZERS } from "./ops/optimizers";
import { READERS } from "./readers";
import { RECURRENT } from "./ops/recurrent";
import { REDUCTIONS } from "./ops/reductions";
import { SEGMENTATION } from "./methods/segmentation";
import { SOM } from "./methods/som";
import { SPECTRAL } from "./methods/spectral";
import { TEXT } from "./methods/text";

const ADAPTERS: Adapters = {
  ...ASTRONOMY_BANDS,
  ...ASTRONOMY_FITS,
  ...ASTRONOMY_SKY,
  ...AUDIO,
  ...CLUSTERING,
  ...CONVOLUTION,
  ...DENSITY,
  ...ELEMENTWISE,
  ...ESOM,
  ...GENERATIVE,
  ...IMAGES,
  ...INDEXING,
  ...LEARNING_TO_CLUSTER,
  ...LOSSES,
  ...MANIFOLD,
  ...MATMUL,
  ...METRICS,
  ...NORMALIZATION,
  ...OPTIMIZERS,
  ...READERS,
  ...RECURRENT,
  ...REDUCTIONS,
  ...SEGMENTATION,
  ...SOM,
  ...SPECTRAL,
  ...TEXT,
};

/** The adapter of an op; undefined while the op is not built. */
export const adapterOf = (op: string): Adapter | undefined => ADAPTERS[op];

/** Exports in lower case, as the names of the format are but for underscores: `minibatch_kmeans` is `MiniBatchKMeans`. */
const LOWER_CASE = new Map(Object.keys(API).map((name) => [name.toLowerCase(), name]));

/** What is wrong where the library exports a function of the op's name, but there is no adapter that runs it. */
export function missingAdapter(op: string): string | undefined {
  const name = LOWER_CASE.get(op.replaceAll("_", "").toLowerCase());
  if (ADAPTERS[op] || name === undefined || typeof API[name] !== "function") return undefined;
  return `${name} is exported, but test/golden-runner has no adapter of ${op}`;
}
