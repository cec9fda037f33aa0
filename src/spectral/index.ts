/**
 * Spectral methods: affinities, Laplacians and their eigenvectors, and clusterings by them.
 * @module constella/spectral
 */

export { knnAffinity, rbfAffinity } from "./affinity";
export { normalizedLaplacian, spectralEmbedding } from "./laplacian";
export type { Laplacian, SpectralEmbeddingResult } from "./laplacian";
export { ldmgiLaplacian, secOperator } from "./graph-laplacians";
export type { LdmgiLaplacianOptions, SecOperator, SecOperatorOptions } from "./graph-laplacians";
export { SpectralClustering } from "./spectral-clustering";
export type { SpectralClusteringOptions } from "./spectral-clustering";
export type { LabelAssignment } from "./assign-labels";
export { SpectralEmbedding } from "./spectral-embedding";
export type { SpectralEmbeddingOptions } from "./spectral-embedding";
export type { AffinityKind, AffinityOptions } from "./affinity-kinds";
export { SEC } from "./sec";
export type { SECOptions } from "./sec";
export { LDMGI } from "./ldmgi";
export type { LDMGIOptions } from "./ldmgi";
export type { EigenClusteringOptions } from "./eigen-clustering";
export { smallestEigenvectors } from "../linear-algebra/smallest-eigen";
export type { EigenRounds, SmallestEigenOptions, SymmetricOperator } from "../linear-algebra/smallest-eigen";
export type { Eigen } from "../linear-algebra/symmetric-eigen";
export { SparseMatrix } from "../sparse";
export type { Entries } from "../sparse";
