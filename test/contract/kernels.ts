// Every kernel of the library, for vitest and for the bundles of other runtimes alike; test/contract/api.test.ts finds a family that is left out.
import type { Kernel } from "../../src/kernel";
import * as astronomy from "../../src/kernels/astronomy";
import * as bounds from "../../src/kernels/bounds";
import * as clustering from "../../src/kernels/clustering";
import * as descent from "../../src/kernels/descent";
import * as elementwise from "../../src/kernels/elementwise";
import * as generative from "../../src/kernels/generative";
import * as images from "../../src/kernels/images";
import * as indexing from "../../src/kernels/indexing";
import * as largeK from "../../src/kernels/large-k";
import * as linearAlgebra from "../../src/kernels/linear-algebra";
import * as losses from "../../src/kernels/losses";
import * as manifold from "../../src/kernels/manifold";
import * as masks from "../../src/kernels/masks";
import * as mixture from "../../src/kernels/mixture";
import * as neighbours from "../../src/kernels/neighbours";
import * as normalization from "../../src/kernels/normalization";
import * as optimizers from "../../src/kernels/optimizers";
import * as random from "../../src/kernels/random";
import * as reduction from "../../src/kernels/reduction";
import * as moments from "../../src/kernels/moments";
import * as segmentation from "../../src/kernels/segmentation";
import * as sequences from "../../src/kernels/sequences";
import * as softmax from "../../src/kernels/softmax";
import * as som from "../../src/kernels/som";
import * as sorting from "../../src/kernels/sorting";
import * as transport from "../../src/kernels/transport";

/** Every kernel of the library by the name of its export. */
export const kernels: Readonly<Record<string, Kernel>> = {
  ...astronomy,
  ...bounds,
  ...clustering,
  ...descent,
  ...elementwise,
  ...generative,
  ...images,
  ...indexing,
  ...largeK,
  ...linearAlgebra,
  ...losses,
  ...manifold,
  ...masks,
  ...mixture,
  ...neighbours,
  ...normalization,
  ...optimizers,
  ...random,
  ...reduction,
  ...moments,
  ...segmentation,
  ...sequences,
  ...softmax,
  ...som,
  ...sorting,
  ...transport,
};
