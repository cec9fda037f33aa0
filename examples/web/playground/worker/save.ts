// What a run leaves as files.
import { NdArray } from "constella";
import { writeNpy } from "constella/data";
import { headline } from "constella/methods";
import { toReport, type Projection as Placed } from "constella/report";
import { version } from "../../../../package.json";
import { TITLES } from "../methods";
import type { Answer, Download, Frame } from "../protocol";
import type { Dataset } from "./dataset";
import { placedIn, type LookedAt } from "./looked";
import type { Projection } from "./projection";
import { flat, type Result, type Session } from "./session";
import { labelsTable, titleOf } from "./sessions";
import { scaled, type Scaling } from "./shown";

/** A run that has found something. */
export interface FoundRun {
  readonly data: Dataset;
  readonly session: Session;
  readonly method: string;
  readonly scaling: Scaling | undefined;
  /** The items that are shown. */
  readonly looked: LookedAt;
  readonly result: () => Promise<Result>;
  /** Layouts of them that were asked for. */
  readonly layouts: readonly Placed[];
  readonly projection: Projection;
  readonly trace: readonly ({ readonly step: number } & Frame["measures"])[];
  readonly seconds: number;
  /** In words. */
  readonly device: string;
}

/** Labels, embedding, model or report, told to the page. @throws for what the run does not have */
export async function saved(
  what: Download,
  run: FoundRun,
  tell: (answer: Answer, transfer?: Transferable[]) => void,
): Promise<void> {
  const { data, session, method, scaling, looked, layouts, projection, trace, seconds, device } = run;
  const stem = data.summary.name.replace(/\.\w+(\.gz)?$/, "").replace(/[^\w-]+/g, "-") || "data";
  const file = (name: string, mime: string, content: Uint8Array | string): void => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : Uint8Array.from(content);
    tell({ type: "file", name: `${stem}-${name}`, mime, bytes }, [bytes.buffer]);
  };
  if (what === "model") {
    const bytes = await session.save();
    if (!bytes) throw new Error(`${TITLES[method]!} has no model to keep: it finds clusters in these data only`);
    return file(`${method}.safetensors`, "application/octet-stream", bytes);
  }
  const result = await run.result();
  const { labels, k, embedding, q, inertia, settings } = result;
  const { cube, x, summary, truth, columns, pictures, ids } = data;
  if (what === "labels.npy")
    return file("labels.npy", "application/octet-stream", writeNpy(cube ? cube.labels(labels) : labels));
  if (what === "labels.csv") return file("labels.csv", "text/csv", labelsTable(labels, ids));
  if (what === "embedding.npy")
    return file("embedding.npy", "application/octet-stream", writeNpy(embedding ?? flat(scaled(x, scaling))));
  if (what !== "report") {
    const content = cube!.file(what, result, await titleOf(method));
    return file(what, what.endsWith(".csv") ? "text/csv" : "application/fits", content);
  }
  const numberOfClusters = session.numberOfClusters?.();
  const made = {
    ...{ title: `${summary.name}: ${TITLES[method]!}`, method: TITLES[method]! },
    ...{ labels, nClusters: k, history: session.history(), trace, stages: [], ids },
    ...(inertia !== undefined && { inertia }),
    ...(numberOfClusters && { numberOfClusters }),
    ...{ device, seed: Number(settings["seed"] ?? 0), seconds },
    ...{ options: settings, versions: { constella: version } },
  };
  if (cube) {
    const drawn = await cube.report(
      toReport({ ...made, items: x, measures: {}, projections: [] }),
      labels,
      session.estimator?.(),
    );
    const { reportFile } = await import("./sky/report");
    const page = await reportFile(drawn, (parts) => tell({ type: "charts", parts }));
    return file("report.html", "text/html", page);
  }
  const { rows } = looked.all;
  const xy = embedding ? placedIn(projection, embedding, looked) : looked.all.xy;
  const items: NdArray<Uint8Array> | NdArray<Float32Array> = pictures
    ? new NdArray(
        pictures.data,
        pictures.channels === 1
          ? [summary.n, pictures.height, pictures.width]
          : [summary.n, pictures.height, pictures.width, pictures.channels],
      )
    : flat(x);
  const report = toReport({
    ...{ ...made, embedding: embedding ?? flat(scaled(x, scaling)) },
    ...(q && { q }),
    items,
    ...{ columns: columns ?? null, truth },
    ...(summary.classes && { classNames: summary.classes }),
    measures: truth ? headline(truth, labels) : {},
    projections: [
      {
        name: embedding ? "Principal axes of the embedding" : "The data",
        xy,
        ...(rows.length < summary.n && { index: rows }),
      },
      ...layouts,
    ],
  });
  tell({ type: "report", run: report });
}
