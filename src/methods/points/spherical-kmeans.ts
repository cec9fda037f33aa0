import { SphericalKMeans } from "../../cluster";
import type { SphericalKMeansOptions } from "../../cluster";
import { SPHERICAL_KMEANS_OPTIONS } from "../../cluster/kmeans/spherical-kmeans";
import type { Method } from "../method";
import { described } from "../schema";

/** `spherical-kmeans`. */
export const sphericalKMeans: Method<SphericalKMeansOptions> = {
  name: "spherical-kmeans",
  title: "spherical k-means",
  summary: "k-means of directions: members go to the centre of largest cosine, whatever their length",
  paper:
    "Dhillon and Modha, Concept decompositions for large sparse text data using clustering, Machine Learning 42, 2001",
  takes: ["rows"],
  target: "none",
  clusters: "given",
  options: described(SPHERICAL_KMEANS_OPTIONS, {
    init: "how the centres begin",
    nInit: "runs from different beginnings, of which the best is kept",
    maxIter: "iterations of a run at most",
    tolerance: "ends when the centres' shift² is below this × mean variance of the directions",
  }),
  make: (options) => new SphericalKMeans(options),
  load: (bytes, { device }) => SphericalKMeans.load(bytes, { device }),
};
