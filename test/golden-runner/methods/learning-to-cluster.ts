import * as c from "constella";
import type { Tensor } from "constella";
import { onHost, tensors } from "../adapter";
import type { Adapters } from "../adapter";
import type { Values } from "../format";

type Inputs = Readonly<Record<string, Tensor>>;

interface Attributes {
  readonly kmax: number;
  readonly phi: number;
  readonly lambda?: number;
  readonly eps?: number;
  readonly input: "probs" | "logits";
}

/** P(k) and P(l|x, k) for every k, from probabilities or logits. */
function heads(inputs: Inputs, { kmax, input }: Attributes): { counts: Tensor; assignments: Tensor[] } {
  const of = (name: string): Tensor => (input === "probs" ? inputs[name]! : c.softmax(inputs[`${name}_logits`]!, -1));
  return { counts: of("pk"), assignments: Array.from({ length: kmax }, (_, k) => of(`a${k + 1}`)) };
}

const loss = (f: (heads: { counts: Tensor; assignments: Tensor[] }, inputs: Inputs, attrs: Attributes) => Tensor) =>
  tensors<Inputs, Attributes>((inputs, attrs) => ({ loss: f(heads(inputs, attrs), inputs, attrs) }));

const clustering = (
  { counts, assignments }: { counts: Tensor; assignments: Tensor[] },
  { labels }: Inputs,
  { phi, eps }: Attributes,
): Tensor =>
  c.pairwiseCrossEntropy(counts, assignments, labels!, { ...c.pairWeights(phi), ...(eps !== undefined && { eps }) });

const distributions = ({ eta, eta_logits }: Inputs): Tensor => (eta ?? eta_logits)!;

export const LEARNING_TO_CLUSTER: Adapters = {
  l2c_P: tensors<Inputs, Attributes>((inputs, attrs) => {
    const { counts, assignments } = heads(inputs, attrs);
    return { P: c.pairProbabilities(counts, assignments), Pk: c.pairProbabilitiesByCount(assignments) };
  }),
  l2c_L_ca: loss(clustering),
  l2c_L_cc: loss(({ counts }, { k_true }) => c.clusterCountLoss(counts, k_true!)),
  l2c_L_tot: tensors<Inputs, Attributes>((inputs, attrs) => {
    const made = heads(inputs, attrs);
    const L_cc = c.clusterCountLoss(made.counts, inputs["k_true"]!);
    const L_ca = clustering(made, inputs, attrs);
    return { L_cc, L_ca, loss: c.add(L_cc, c.scale(L_ca, attrs.lambda!)) };
  }),
  l2c_L_RI: loss(({ counts, assignments }, { labels }) => c.randIndexLoss(counts, assignments, labels!)),
  l2c_L_CA: loss(({ assignments }) => c.clusterAssignmentLoss(assignments)),
  l2c_L_NE: loss(({ assignments }) => c.emptyClusterLoss(assignments)),
  l2c_L_CAR: loss(({ assignments }) => c.add(c.clusterAssignmentLoss(assignments), c.emptyClusterLoss(assignments))),
  l2c_L_KL: tensors<Inputs, { margin: number; input: string }>((inputs, { margin, input }) => ({
    loss: c.divergenceLoss(distributions(inputs), inputs["labels"]!, { margin, logits: input === "logits" }),
  })),
  // labels are below the number of items in this format
  l2c_L_CL: tensors<{ xi: Tensor; labels: Tensor }>(({ xi, labels }) => ({
    loss: c.centerLoss(xi, labels, xi.shape[1]!),
  })),
  l2c_phi: onHost<{ phi: Values }>(({ phi }) => {
    const weights = Array.from(phi.data as ArrayLike<number>, (value) => c.pairWeights(value));
    return { phi0: weights.map(({ different }) => different), phi1: weights.map(({ same }) => same) };
  }),
  soft_kmeans: tensors<{ x: Tensor; centers0: Tensor }, { iterations: number; eps: number }>(
    ({ x, centers0 }, { iterations, eps }) => {
      const { assignments, centers } = c.softKMeans(x, centers0, { iterations, eps });
      return { assign: assignments, centers };
    },
  ),
};
