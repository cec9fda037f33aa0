import { API } from "./adapter";
import type { Adapter, Adapters } from "./adapter";
import { ASTRONOMY_BANDS } from "./astronomy-bands";
import { ASTRONOMY_FITS } from "./astronomy-fits";
import { ASTRONOMY_SKY } from "./astronomy-sky";
import { AUDIO } from "./audio";
import { CLUSTERING } from "./clustering";
import { CONVOLUTION } from "./convolution";
import { DENSITY } from "./density";
import { ELEMENTWISE } from "./elementwise";
import { ESOM } from "./esom";
import { GENERATIVE } from "./generative";
import { IMAGES } from "./images";
import { INDEXING } from "./indexing";
import { LEARNING_TO_CLUSTER } from "./learning-to-cluster";
import { LOSSES } from "./losses";
import { MANIFOLD } from "./manifold";
import { MATMUL } from "./matmul";
import { METRICS } from "./metrics";
import { NORMALIZATION } from "./normalization";
import { OPTIMIZERS } from "./optimizers";
import { READERS } from "./readers";
import { RECURRENT } from "./recurrent";
import { REDUCTIONS } from "./reductions";
import { SEGMENTATION } from "./segmentation";
import { SOM } from "./som";
import { SPECTRAL } from "./spectral";
import { TEXT } from "./text";

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
