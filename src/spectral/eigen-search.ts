// A fit that seeks the smallest eigenvectors of a graph's operator, and where it stands: it goes on from there, amid the rounds that find them.
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import type { PointsOf } from "../lifecycle/findings";
import type { Fit } from "../lifecycle/fit";
import type { StepReport } from "../lifecycle/progress";
import { keptRounds, restoredRounds } from "../linear-algebra/kept-rounds";
import { MOST_ROUNDS, smallestEigenvectors } from "../linear-algebra/smallest-eigen";
import type { EigenRounds, SymmetricOperator } from "../linear-algebra/smallest-eigen";
import type { Eigen } from "../linear-algebra/symmetric-eigen";
import type { MatrixLike } from "../matrix";
import { keptGraph, nodesOf, restoredGraph } from "../neighbours/kept-graph";
import type { SparseMatrix } from "../sparse";

/** Where a fit stands that has no eigenvectors yet. */
export interface StandingSearch extends PointsOf {
  /** Of what takes long to find and is sparse; else it is made again. */
  readonly graph?: SparseMatrix | undefined;
  /** None before the first. */
  readonly rounds?: EigenRounds | undefined;
}

/** Eigenvectors that are sought. */
export interface EigenSearch<Graph extends SparseMatrix | MatrixLike, Operator extends SymmetricOperator> {
  readonly op: string;
  /** Where a loaded fit stood. */
  readonly before: StandingSearch | undefined;
  /** Whether the graph is kept: it is a sparse matrix then. */
  readonly keepsGraph: boolean;
  /** What the operator is made of. */
  graph(): Promise<Graph>;
  operator(graph: Graph): Operator | Promise<Operator>;
  /** How many of n nodes. @throws where these are too few */
  count(n: number): number;
  /** From now on the fit can be saved, and stands there. */
  stand(standing: StandingSearch): void;
  /** How far it has come: 1 with the operator, and 1 more with each round. */
  report(done: number): void;
}

/** Steps until the eigenvectors are found, at most. */
export const SEARCH_STEPS = 1 + MOST_ROUNDS;

/** Where a fit stands of which a search, and `further` steps, are all the work; the loss is the share of it that is left. */
export function searchStep(stage: string, step: number, further: number): StepReport {
  const steps = SEARCH_STEPS + further;
  return { stage, epoch: 1, epochs: 1, step, steps, loss: 1 - step / steps, mayEnd: true };
}

/** The operator, and its eigenvectors. */
export async function searchEigenvectors<Graph extends SparseMatrix | MatrixLike, Operator extends SymmetricOperator>(
  fit: Fit,
  search: EigenSearch<Graph, Operator>,
): Promise<{ readonly operator: Operator; readonly eigen: Eigen }> {
  const { op, before } = search;
  const made = (before?.graph as Graph | undefined) ?? (await search.graph());
  const operator = await search.operator(made);
  const { n } = operator;
  const count = search.count(n);
  const graph = search.keepsGraph ? (made as SparseMatrix) : undefined;
  if (graph) search.stand({ n, graph, rounds: before?.rounds });
  search.report(1 + (before?.rounds?.round ?? 0));
  await fit.between();
  const onRound = async (rounds: EigenRounds): Promise<void> => {
    search.stand({ n, graph, rounds });
    search.report(1 + rounds.round);
    await fit.between();
  };
  const { signal } = fit;
  return {
    operator,
    eigen: await smallestEigenvectors(operator, count, op, { signal, before: before?.rounds, onRound }),
  };
}

/** Arrays and state of where a search stands. */
export function keptSearch({ n, graph, rounds }: StandingSearch): Learned {
  const kept = rounds && keptRounds(rounds, n);
  return { arrays: { ...(graph && keptGraph(graph)), ...kept?.arrays }, state: { ...kept?.state } };
}

/** The way back, of a search for `count` eigenvectors. @throws for what `keptSearch` does not give */
export function restoredSearch(saved: Checkpoint, count: number, keepsGraph: boolean): StandingSearch {
  if (!keepsGraph && saved.arrays["starts"])
    throw new Error("checkpoint: with these settings no graph is kept, got one");
  const n = keepsGraph ? nodesOf(saved) : (saved.arrays["subspace"]?.shape[0] ?? 0);
  const graph = keepsGraph ? restoredGraph(saved, n, -Infinity) : undefined;
  if (graph) checkSymmetric(graph);
  const rounds = restoredRounds(saved, n, count);
  if (!graph && !rounds) throw new Error("checkpoint: subspace must be there, got nothing");
  return { n, graph, rounds };
}

/** @throws unless weights both ways are the same, as those that are kept are to the last digit */
function checkSymmetric(graph: SparseMatrix): void {
  const [rows, mirrors] = [graph.rowNumbers(), graph.mirrors()];
  for (const [p, mirror] of mirrors.entries()) {
    const back = mirror < 0 ? 0 : graph.data[mirror]!;
    if (back !== graph.data[p]!)
      throw new Error(
        `checkpoint: weights must be symmetric, got ${graph.data[p]} and ${back} at rows ${rows[p]} and ${graph.indices[p]}`,
      );
  }
}
