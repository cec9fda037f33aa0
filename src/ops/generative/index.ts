export { elbo, gaussianNll, gaussianW2, jsGeometric, klNormal, reparameterize, squaredError } from "./gaussian";
export type { Elbo } from "./gaussian";
export { jsMonteCarlo, klMixtureBound, klMixtureMonteCarlo, pointwiseWasserstein } from "./mixture";
export type { Bimodal } from "./mixture";
export { sort } from "./sort";
export { mixtureAssignments, mixtureLogJoint, vadeLoss } from "./vade";
export type { MixtureParameters, VadeTerms } from "./vade";
export { gaussianW2Full, sortedWasserstein } from "./wasserstein";
