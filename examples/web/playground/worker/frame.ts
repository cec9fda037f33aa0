// How a clustering stands, as the page is told it.
import { headline, type FoundNumber } from "constella/methods";
import { triedNumbers, type Curve } from "constella/report";
import type { Frame } from "../protocol";
import type { Dataset } from "./dataset";
import type { Looked } from "./looked";
import { rocOf } from "./network";
import { clusterMeans, margins } from "./projection";
import type { Snapshot } from "./session";

/** The items that are shown, and where the embedding has them. */
export interface Seen {
  readonly looked: Looked;
  /** As the method gets them, [n, d]. */
  readonly items: Float32Array;
  /** In the plane of the embedding, where there is one. */
  readonly xy: Float32Array<ArrayBuffer> | undefined;
}

/** What is told beside where the items lie. */
export interface Told {
  readonly measures: Frame["measures"];
  readonly curves: readonly Curve[];
  readonly number: FoundNumber | undefined;
}

/** Measures against the known classes: of all items, of clusters so far of those that are shown. */
export function measuresOf({ labels, provisional }: Snapshot, { truth }: Dataset, rows: Uint32Array): Told["measures"] {
  const found = labels ?? provisional;
  if (!truth || !found) return {};
  return headline(labels ? truth : Int32Array.from(rows, (row) => truth[row]!), found);
}

/** A frame of these items; `z` and `q` of the snapshot are theirs, its labels those of all items. */
export function frameOf(
  { z, labels, field, provisional, k, q, centers, round }: Snapshot,
  { looked: { rows, xy: inData }, items, xy }: Seen,
  data: Dataset,
  { measures, curves, number }: Told,
): Frame {
  const shown = labels ? Int32Array.from(rows, (row) => labels[row]!) : provisional && Int32Array.from(provisional);
  const space = z ?? items;
  const middles = shown && (centers ?? clusterMeans(space, shown, k));
  const confidence = q
    ? Float32Array.from(shown!, (_, i) => q.subarray(i * k, (i + 1) * k).reduce((most, p) => Math.max(most, p), 0))
    : shown && margins(space, shown, middles!);
  const sizes = new Array<number>(k).fill(0);
  let noise = 0;
  (labels ?? provisional)?.forEach((label) => (label < 0 ? noise++ : sizes[label]!++));
  field?.labels.data.forEach((label) => label >= 0 && sizes[label]!++); // the others have no data
  const inPlane = shown && clusterMeans(xy ?? inData, shown, k);
  return {
    ...(xy && { xy }),
    ...(shown && { labels: shown, ...(!labels && { provisional: true }) }),
    ...(confidence && { confidence, confidenceOf: q ? ("q" as const) : ("margin" as const) }),
    ...(field && { objects: field.objects.length }),
    ...(inPlane && round && { centers: Float32Array.from(inPlane) }),
    ...(number && { numberOfClusters: triedNumbers(number) }),
    ...{ sizes, noise, measures, curves: [...curves, ...rocOf(q, k, data, rows)] },
  };
}
