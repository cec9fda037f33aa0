import { scale, add } from "../../ops/elementwise";
import {
  centerLoss,
  clusterAssignmentLoss,
  clusterCountLoss,
  divergenceLoss,
  emptyClusterLoss,
  pairwiseCrossEntropy,
  randIndexLoss,
} from "../../ops/losses/pairwise";
import type { Tensor } from "../../tensor";
import type { SetNetwork, SetOutput } from "./networks/network";
import type { SetSettings } from "./options";

/** Weights φ₁ of pairs of one cluster and φ₀ of pairs of two. */
export interface PairWeights {
  readonly same: number;
  readonly different: number;
}

/**
 * L = L_cc + λ L_ca, and the regularisers that have a factor (Meier 2018, sections 5.4 and 6).
 * @param labels u32 [sets, n]
 * @param counts u32 [sets]
 */
export function setLoss(
  network: SetNetwork,
  output: SetOutput,
  { labels, counts }: { readonly labels: Tensor; readonly counts: Tensor },
  { lambda, loss, regularizers, kMax }: SetSettings,
  weights: PairWeights,
): Tensor {
  const { assignments, embedding, features } = output;
  const pairs =
    loss === "randIndex"
      ? randIndexLoss(output.counts, assignments, labels)
      : pairwiseCrossEntropy(output.counts, assignments, labels, weights);
  let total = add(clusterCountLoss(output.counts, counts), scale(pairs, lambda));
  const plus = (factor: number | undefined, term: () => Tensor): void => {
    if (factor) total = add(total, scale(term(), factor));
  };
  plus(regularizers.clusterAssignment, () => clusterAssignmentLoss(assignments));
  plus(regularizers.emptyCluster, () => emptyClusterLoss(assignments));
  plus(regularizers.center, () => centerLoss(features, labels, kMax));
  plus(regularizers.divergence, () => {
    return divergenceLoss(network.divergenceLogits(embedding), labels, {
      logits: true,
      margin: regularizers.divergenceMargin ?? 2,
    });
  });
  return total;
}
