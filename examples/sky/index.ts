// npm run example:sky [-- options]: regions of a simulated galaxy found by many methods, with and without preparing its bands, beside what is trivial.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { adjustedRandIndex, requestDevice } from "constella";
import type { NdArray } from "constella";
import { choice, integer, list, run, toOption } from "constella/commands";
import { writeAtomic } from "constella/data";
import { composite, html, labelPicture, renderPage, skyPanel, studyHeader, valueTable } from "constella/report";
import type { Markup, PageSection } from "constella/report";
import { formatSpread, spread } from "../spread";
import { galaxyOf } from "./galaxy";
import type { Galaxy } from "./galaxy";
import { partsTable, wholeJob } from "./job";
import { METHODS } from "./methods";
import { logTable, parameterLog } from "./parameter-log";
import { landsatOf, surveysOf } from "./surveys";
import type { Survey } from "./surveys";

interface Options {
  readonly size: number;
  readonly seeds: number[];
  readonly data?: string;
  readonly parameterLog?: true;
  readonly job?: true;
  readonly device?: "webgpu" | "wasm";
  readonly out: string;
}

const CUBES = ["unprepared", "prepared"] as const;

/** ARI of each method on each cube, seed by seed. */
type Scores = Readonly<Record<(typeof CUBES)[number], number[]>>;

/** The galaxy of the first seed, with what methods found in it once it was prepared. */
interface Shown {
  readonly galaxy: Galaxy;
  readonly maps: readonly { readonly title: string; readonly labels: NdArray<Int32Array>; readonly ari: number }[];
}

/** Agreement with the truth, over the pixels with data in every band. */
function ariOf(labels: NdArray<Int32Array>, truth: NdArray<Int32Array>): number {
  const known = Array.from(labels.data.keys()).filter((at) => labels.data[at]! >= 0);
  return adjustedRandIndex(
    known.map((at) => truth.data[at]!),
    known.map((at) => labels.data[at]!),
  );
}

async function study({ size, seeds, data, parameterLog: isLog, job, device: type, out }: Options): Promise<void> {
  await mkdir(out, { recursive: true });
  const device = await requestDevice(type);
  try {
    if (isLog) {
      const outcomes = await parameterLog(size, seeds[0]!, out, device);
      console.log(`\n${logTable(outcomes)}`);
      await writeAtomic(join(out, "parameter-log.json"), `${JSON.stringify({ size, outcomes }, null, 2)}\n`);
      return;
    }
    if (job) return console.log(`\n${partsTable(await wholeJob(size, seeds[0]!, out, device))}`);
    const scores = new Map<string, Scores>(METHODS.map(({ id }) => [id, { unprepared: [], prepared: [] }]));
    let shown: Shown | undefined;
    for (const [i, seed] of seeds.entries()) {
      console.log(`galaxy ${i + 1} of ${seeds.length}: ${size} × ${size} pixels in nine filters, seed ${seed}`);
      const galaxy = await galaxyOf(seed, size, join(out, `galaxy-${seed}`), device);
      const maps: Shown["maps"][number][] = [];
      for (const { id, title, trivial, cluster } of METHODS) {
        for (const which of CUBES) {
          const { cube, truth } = galaxy[which];
          const labels = await cluster({ cube, seed, device });
          const ari = ariOf(labels, truth);
          scores.get(id)![which].push(ari);
          if (which === "prepared" && !trivial) maps.push({ title, labels, ari });
        }
        const last = CUBES.map((which) => scores.get(id)![which].at(-1)!.toFixed(4));
        console.log(`  ${title.padEnd(52)} ARI ${last[0]}  prepared ${last[1]}`);
      }
      shown ??= { galaxy, maps };
    }
    const surveys = data === undefined ? [] : await surveysOf(data, device);
    const landsat = data === undefined ? undefined : await landsatOf(data, seeds, device);
    if (data === undefined) console.log("no --data DIR: cubes of 2MASS and SDSS and Landsat's pixels are left out");
    console.log(`\n${markdown(scores)}`);
    for (const { title, values } of landsat ?? [])
      console.log(`Landsat, ${title}: NMI ${formatSpread(spread(values), 4)}`);
    const rows = METHODS.map(({ id, title }) => ({ id, title, ...scores.get(id)! }));
    await writeAtomic(join(out, "results.json"), `${JSON.stringify({ size, seeds, rows, landsat }, null, 2)}\n`);
    const page = pageOf({ scores, shown: shown!, surveys, landsat, size, seeds, device: device.description });
    await writeAtomic(join(out, "report.html"), page);
    console.log(join(out, "report.html"));
  } finally {
    device.destroy();
  }
}

/** The table as Markdown: mean ± standard deviation over seeds. */
function markdown(scores: ReadonlyMap<string, Scores>): string {
  const lines = METHODS.map(({ id, title }) => {
    const { unprepared, prepared } = scores.get(id)!;
    return `| ${title} | ${formatSpread(spread(unprepared), 4)} | ${formatSpread(spread(prepared), 4)} |`;
  });
  return ["| | bands as they are | prepared |", "|---|---:|---:|", ...lines].join("\n");
}

/** What the page is made of. */
interface Study {
  readonly scores: ReadonlyMap<string, Scores>;
  readonly shown: Shown;
  readonly surveys: readonly Survey[];
  readonly landsat: Awaited<ReturnType<typeof landsatOf>>;
  readonly size: number;
  readonly seeds: readonly number[];
  readonly device: string;
}

function pageOf({ scores, shown, surveys, landsat, size, seeds, device }: Study): string {
  const { cube, truth } = shown.galaxy.prepared;
  const panel = (title: string, labels: NdArray<Int32Array>, caption: string): Markup =>
    skyPanel({ title, caption, alt: `${title}: the class or cluster of each pixel`, picture: labelPicture(labels) });
  const table = valueTable({
    ...{ caption: `Adjusted Rand index over ${seeds.length} galaxies, against the simulated truth`, corner: "method" },
    columns: [
      ...CUBES.flatMap((which) => [
        { name: which, best: "largest", decimals: 4 } as const,
        { name: `sd ${which}`, decimals: 4 },
      ]),
    ],
    rows: METHODS.map(({ id, title }) => ({
      name: title,
      values: CUBES.flatMap((which) => {
        const { mean, deviation } = spread(scores.get(id)![which]);
        return [mean, deviation];
      }),
    })),
  });
  const sections: PageSection[] = [
    { id: "table", title: "Agreement with the truth", body: table },
    {
      ...{ id: "galaxy", title: `The galaxy of seed ${seeds[0]}` },
      body: html`<div class="grid">
        ${skyPanel({
          ...{ title: "Composite", caption: "simulated; red F814W, green F487N, blue F225W" },
          ...{ alt: "A simulated spiral galaxy", picture: composite(cube, [8, 4, 0]) },
        })}
        ${panel("Truth", truth, "sky, old stars, spiral arms, HII regions, dust lanes, stars")}
        ${shown.maps.map(({ title, labels, ari }) => panel(title, labels, `ARI ${ari.toFixed(3)}`))}
      </div>`,
    },
    {
      ...{ id: "surveys", title: "Surveys" },
      body:
        surveys.length > 0 &&
        html`<div class="grid">
          ${surveys.flatMap(({ title, cube: bands, labels, clusters }) => [
            skyPanel({ title, caption: "survey data", alt: title, picture: composite(bands, [2, 1, 0]) }),
            panel("Clusters", labels, `${clusters} by a SOM of 10 × 10 units and k-means of these`),
          ])}
        </div>`,
    },
    {
      ...{ id: "landsat", title: "Landsat" },
      body:
        landsat &&
        valueTable({
          caption: `NMI of 6,435 labelled pixels in six kinds of land, over ${seeds.length} seeds`,
          ...{
            corner: "method",
            columns: [
              { name: "mean", best: "largest", decimals: 4 },
              { name: "sd", decimals: 4 },
            ],
          },
          rows: landsat.map(({ title, values }) => {
            const { mean, deviation } = spread(values);
            return { name: title, values: [mean, deviation] };
          }),
        }),
    },
  ];
  const lead =
    `A simulated spiral galaxy of ${size} × ${size} pixels in the nine filters of Hubble’s images of M83, each with its own point-spread function, noise and missing ` +
    "border. Unprepared: the bands as they are. Prepared: one point-spread function, each band from 0 to 1.";
  return renderPage({
    title: "Regions of a galaxy",
    header: studyHeader("Regions of a galaxy", lead, `${device} · seeds ${seeds.join(", ")}`),
    sections,
  });
}

await run(
  new Command("npm run example:sky --")
    .description("finds regions of a simulated galaxy by many methods, with and without preparing its bands")
    .addOption(toOption({ name: "size", rule: integer(64), help: "height and width in pixels" }).default(192))
    .addOption(
      toOption({
        name: "seeds",
        rule: list(integer(0), 1),
        help: "a galaxy and a run of each method for each",
      }).default([0, 1, 2, 3, 4]),
    )
    .option("--data <DIR>", "folder with cubes of 2MASS and SDSS and Landsat's pixels, by the names in the README")
    .option(
      "--parameter-log",
      "instead: the experiments of the study that this comes from, on a galaxy of the first seed",
    )
    .option("--job", "instead: a galaxy of the first seed from its bands to reports of three methods, each part timed")
    .addOption(toOption({ name: "device", rule: choice("webgpu", "wasm"), help: "default: the best there is" }))
    .option("--out <DIR>", "folder of results", "out/sky")
    .allowExcessArguments(false)
    .action(study),
);
