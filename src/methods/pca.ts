import { PCA } from "../cluster";
import type { PCAOptions } from "../cluster";
import type { CommonOptions, Method } from "./method";
import { flag, oneOf, whole } from "./schema";
import type { Kind } from "./schema";

/** A number of components, or below 1 a share of the variance. */
const components: Kind<number> = {
  ...whole(1),
  placeholder: "N|X",
  rule: "a whole number from 1, or a share of the variance above 0, less than 1",
  holds: (value) => whole(1).holds(value) || (typeof value === "number" && value > 0 && value < 1),
  parse: (text) => {
    const value = Number(text);
    return text.trim() !== "" && components.holds(value) ? value : undefined;
  },
  field: { type: "number", min: 0, step: "any" },
};

/** `pca`. */
export const pca: Method<PCAOptions & CommonOptions> = {
  name: "pca",
  title: "Principal components",
  summary: "the directions along which the items vary most, and where the items lie along them",
  paper: "Jolliffe, Principal component analysis, 2002",
  takes: ["rows", "images"],
  target: "none",
  streams: true,
  clusters: "none",
  options: {
    nComponents: {
      kind: components,
      unset: "all there are",
      help: "how many; or below 1 the share of the variance that they have at least",
    },
    solver: {
      kind: oneOf("auto", "covariance", "gram", "randomized"),
      default: "auto",
      help: "from products of the columns or of the rows, or a random sample; auto: what suits the size",
    },
    whiten: { kind: flag, default: false, help: "whether the components are brought to unit variance" },
  },
  make: ({ nClusters: _, ...options }) => new PCA(options),
  load: (bytes, { device }) => PCA.load(bytes, { device }),
};
