import { SLIC } from "../../astronomy";
import { SLIC_OPTIONS } from "../../astronomy/segments/slic";
import type { SLICSettings } from "../../astronomy";
import type { CommonOptions, Method } from "../method";
import { described } from "../schema";

/** `slic`. */
export const slic: Method<Partial<SLICSettings> & CommonOptions> = {
  name: "slic",
  title: "SLIC superpixels",
  summary: "k-means of pixels by place and colour, each centre competing for those near it",
  paper:
    "Achanta, Shaji, Smith, Lucchi, Fua and Süsstrunk, SLIC superpixels compared to state-of-the-art superpixel methods, TPAMI 2012",
  takes: ["cube"],
  target: "none",
  clusters: "found",
  options: described(SLIC_OPTIONS, {
    nSegments: "superpixels that are aimed at",
    compactness: "weight of the place against the colour, all bands together being scaled to 0 … 1",
    sigma: "standard deviation in pixels of a Gaussian before; 0: none",
    maxIter: "passes",
    enforceConnectivity: "makes superpixels of one piece",
    minSizeFactor: "smaller pieces than this share of the mean size join a neighbour",
    maxSizeFactor: "larger ones than this multiple of it are cut",
  }),
  make: ({ seed: _seed, ...options }) => new SLIC(options),
  load: (bytes, { device }) => SLIC.load(bytes, { device }),
};
