// The embedding over time: where some members lie at moments of the training, all on the axes of the last one.
import { symmetricEigen } from "../../linear-algebra/symmetric-eigen";
import { generate, mapTo } from "../../typed-arrays";
import type { Analysis } from "../sections/analysis";
import { formatCount } from "../page/format";
import { html, trusted, type Markup } from "../page/markup";
import { drawing } from "./chart";
import { clusterColour } from "./palette";
import { csvLink } from "./save";
import { classColour, domains, dots } from "./scatter";
import { idOf, type ClusteringReport } from "../sections/run";

const WIDTH = 220;

/** The mean of points [n, d], and the two directions in which they vary most, or as many as there are: [≤ 2, d]. */
async function planeOf(values: ArrayLike<number>, n: number): Promise<{ mean: Float64Array; axes: Float64Array[] }> {
  const d = values.length / n;
  const mean = new Float64Array(d);
  for (let i = 0; i < n * d; i++) mean[i % d]! += values[i]! / n;
  const covariance = new Float64Array(d * d);
  for (let i = 0; i < n; i++)
    for (let a = 0; a < d; a++)
      for (let b = 0; b < d; b++)
        covariance[a * d + b]! += ((values[i * d + a]! - mean[a]!) * (values[i * d + b]! - mean[b]!)) / n;
  const { vectors } = await symmetricEigen(covariance, d, "filmStrip");
  const rows = Array.from({ length: d }, (_, i) => vectors.subarray(i * d, (i + 1) * d)).reverse();
  return { mean, axes: rows.slice(0, 2) };
}

/** Frames side by side, by true class where that is known, else by the final cluster; one frame is no film. */
export async function filmStrip(
  page: Document,
  run: ClusteringReport,
  analysis: Analysis,
): Promise<Markup | undefined> {
  const { film } = run;
  if (!film || film.frames.length < 2 || film.rows.length < 2) return undefined;
  const { classes } = analysis;
  const rows = Uint32Array.from(Array.from(film.rows));
  const n = rows.length;
  const { mean, axes } = await planeOf(film.frames.at(-1)!.values, n);
  const d = mean.length;
  const along = (values: ArrayLike<number>, axis: Float64Array | undefined): Float64Array =>
    generate(Float64Array, n, (i) =>
      axis ? axis.reduce((sum, part, c) => sum + part * (values[i * d + c]! - mean[c]!), 0) : 0,
    );
  const frames = film.frames.map(({ name, values }) => ({
    name,
    points: { rows, x: along(values, axes[0]), y: along(values, axes[1]) },
  }));
  const all = (axis: "x" | "y") => Float64Array.from(frames.flatMap(({ points }) => [...points[axis]]));
  const { x, y, height } = domains({ x: all("x"), y: all("y") }, WIDTH);
  const groups = mapTo(Int32Array, rows, (row) => (classes ? classes.of[row]! : run.labels[row]!));
  const colour = classes ? classColour(analysis) : clusterColour;
  const panels = frames.map(({ name, points }) => {
    const picture = drawing(page, {
      ariaLabel: `${film.stage}, ${name}: ${n} members`,
      ...{ width: WIDTH, height, margin: 4, x: { domain: x, axis: null }, y: { domain: y, axis: null } },
      marks: [dots(points, groups, colour)],
    });
    return html`<figure>
      <figcaption><b>${name}</b></figcaption>
      ${trusted(picture)}
    </figure>`;
  });
  const numbers = csvLink({
    name: "Embedding over time",
    columns: ["frame", "member", "x", "y", classes ? "class" : "cluster"],
    rows: frames.flatMap(({ name, points }) =>
      Array.from(rows, (row, i) => [
        ...[name, idOf(run, row), Number(points.x[i]!.toPrecision(4)), Number(points.y[i]!.toPrecision(4))],
        classes ? classes.names[groups[i]!]! : groups[i]!,
      ]),
    ),
  });
  return html`<div class="panels film">${panels}</div>
    <p class="save">Save the points ${numbers}</p>
    <p class="note">
      ${formatCount(n)} members of ${formatCount(analysis.n)} along ${film.stage}, all frames on one scale and on the
      principal components of the last. Colours are those of ${classes ? "true classes" : "the final clusters"}.
    </p>`;
}
