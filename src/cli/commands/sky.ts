import { Command } from "commander";
import {
  bandsOf,
  FitsFile,
  FLUX_UNITS,
  NORMALIZATIONS,
  prepareBands,
  summarize,
  Wcs,
  zscaleLimits,
  type BandSummary,
  type FluxUnit,
  type Hdu,
  type Normalization,
  type OpenedBands,
} from "../../astronomy";
import { requestDevice } from "../../request-device";
import { openFits } from "../cubes/read";
import { interruptible } from "../run/interrupt";
import { choice, integer, list, positive, range, text, toOption, type OptionSpec } from "../option";
import { ProgressDisplay } from "../progress";
import { skyStampsCommand } from "./sky-stamps";

const OPTIONS: readonly OptionSpec[] = [
  {
    name: "fwhm",
    rule: list(positive, 1),
    help: "widths of the bands' point-spread functions in arcseconds; all are brought to the widest",
  },
  { name: "reference", rule: integer(1), help: "number of the file whose grid all are brought to (default 1)" },
  { name: "method", rule: choice("bilinear", "nearest"), help: "of reprojection (default bilinear)" },
  { name: "hdu", rule: text("NAME|N"), help: "the image's HDU (default SCI, or the first with an image)" },
  { name: "unit", rule: choice(...FLUX_UNITS), help: "bring fluxes to one unit, by BUNIT, PHOTFLAM and PHOTPLAM" },
  { name: "pixelScale", rule: positive, help: "arcseconds of a pixel, where no world coordinates tell" },
  {
    name: "background",
    rule: list(integer(1), 1),
    help: "subtract the background in boxes of H,W (or one size) pixels",
  },
  { name: "clip", rule: positive, help: "leave out values beyond X standard deviations from the median" },
  { name: "normalize", rule: choice(...NORMALIZATIONS), help: "bring each band to 0 … 1 (default none)" },
  {
    name: "percentiles",
    rule: list(range(0, 100), 2),
    help: "for percentile and asinh (default 0.25,99.75)",
  },
  { name: "threads", rule: integer(1), help: "threads of the wasm device" },
];

interface PrepareFlags {
  readonly fwhm?: number[];
  readonly reference?: number;
  readonly method?: "bilinear" | "nearest";
  readonly hdu?: string;
  readonly unit?: FluxUnit;
  readonly pixelScale?: number;
  readonly background?: number[];
  readonly clip?: number;
  readonly normalize?: Normalization;
  readonly percentiles?: number[];
  readonly threads?: number;
  readonly device?: "webgpu" | "wasm";
  readonly aligned?: boolean;
  readonly crop: boolean;
  readonly out: string;
}

/** `constella sky prepare` and `constella sky info`: FITS files to a cube for clustering, and what a file holds. */
export function skyCommand(print: (text: string) => void): Command {
  const prepare = new Command("prepare")
    .summary("bands of one sky as a cube: one grid, one point-spread function")
    .description(
      "Brings the bands onto the grid of the first (or --reference), matches their point-spread functions, cuts to where every band has data and writes " +
        "one FITS cube with the world coordinates and a HISTORY of what was done. Flags in DQ and bad ERR are masked.",
    )
    .argument("<files...>", "FITS files, one or more bands each (.fits, .fits.gz, tile-compressed)");
  for (const spec of OPTIONS) prepare.addOption(toOption(spec));
  prepare
    .addOption(
      toOption({
        name: "device",
        rule: choice("webgpu", "wasm"),
        help: "where to compute (default: a GPU if there is one)",
      }),
    )
    .option("--aligned", "the bands lie on one grid as they are")
    .option("--no-crop", "keep the whole grid")
    .requiredOption("--out <FILE>", "the cube, .fits or .fits.gz")
    .action((files: string[], flags: PrepareFlags) => prepareCube(files, flags, print));
  const info = new Command("info")
    .summary("HDUs, world coordinates, limits and histogram of a FITS file")
    .description(
      "Prints the HDUs of a file and, for each image, its world coordinates, zscale limits and a histogram between them.",
    )
    .argument("<file>", "a FITS file")
    .option("--json", "print one JSON object")
    .action((file: string, { json }: { json?: boolean }) => describe(file, json ?? false, print));
  return new Command("sky")
    .description("astronomical images: FITS files in, cubes and stamps out")
    .helpCommand(false)
    .addCommand(prepare)
    .addCommand(info)
    .addCommand(skyStampsCommand(print));
}

async function prepareCube(
  files: readonly string[],
  flags: PrepareFlags,
  print: (text: string) => void,
): Promise<void> {
  const { out, device: type, threads, hdu, unit, background, percentiles, reference = 1, ...rest } = flags;
  if (files.includes(out)) throw new Error(`--out must be another file than the bands, got ${out}`);
  if (background && background.length > 2)
    throw new Error(`--background must be one or two sizes, got ${background.join(",")}`);
  if (percentiles && !(percentiles.length === 2 && percentiles[0]! < percentiles[1]!))
    throw new Error(`--percentiles must be two in their order, got ${percentiles.join(",")}`);
  const progress = new ProgressDisplay();
  const { signal, release } = interruptible((line) => progress.note(line));
  const opened: OpenedBands[] = [];
  try {
    for (const file of files) opened.push(await openFits(file, hdu, unit ? { unit } : {}));
    const device = await requestDevice(type, threads === undefined ? {} : { threads });
    try {
      const cube = await prepareBands(opened, {
        ...rest,
        ...(background && { background: [background[0]!, background[1] ?? background[0]!] as const }),
        ...(percentiles && { percentiles: [percentiles[0]!, percentiles[1]!] as const }),
        ...{ out, reference: reference - 1, device, signal },
        onProgress: ({ stage, done, total }) => progress.update({ stage, done, total }),
      });
      progress.stop();
      const [bands, height, width] = cube.shape;
      const share = ((100 * cube.complete) / (height * width)).toFixed(1);
      print(
        `${out}: ${bands} bands (${cube.names.join(", ")}) of ${width} x ${height} pixels, ${share} % with data in every band`,
      );
      for (const line of cube.history) print(`  ${line}`);
    } finally {
      device.destroy();
    }
  } finally {
    progress.stop();
    release();
    for (const bands of opened) await bands.close();
  }
}

/** Bins of a histogram. */
const BINS = 10;

interface ImageFacts {
  readonly band: number;
  readonly numbers: number;
  readonly min: number;
  readonly max: number;
  readonly zscale: readonly [number, number];
  /** Shares of the values below, within equal bins between, and above zscale's limits. */
  readonly histogram: readonly number[];
}

function factsOf(
  { min, max, count, sample }: BandSummary,
  band: number,
): ImageFacts | { readonly band: number; readonly numbers: 0 } {
  if (count === 0) return { band, numbers: 0 };
  const { vmin, vmax } = zscaleLimits(sample);
  const bins = new Array<number>(BINS + 2).fill(0);
  for (const value of sample) {
    const at = vmax > vmin ? Math.floor(((value - vmin) / (vmax - vmin)) * BINS) + 1 : 1;
    bins[value === vmax ? BINS : Math.max(0, Math.min(BINS + 1, at))]!++;
  }
  return { band, numbers: count, min, max, zscale: [vmin, vmax], histogram: bins.map((n) => n / sample.length) };
}

interface SkyFacts {
  readonly projection: string;
  readonly system: string;
  readonly pixelScale: number;
  readonly center: readonly number[];
  readonly footprint: readonly (readonly number[])[];
}

function skyOf(
  header: Hdu["header"],
  width: number,
  height: number,
): SkyFacts | { readonly problem: string } | undefined {
  if (!header.has("CTYPE1") || !header.has("CTYPE2")) return undefined;
  try {
    const wcs = new Wcs(header);
    return {
      ...{ projection: wcs.projection, system: wcs.system, pixelScale: wcs.pixelScale },
      center: [...wcs.pixelToWorld([(width - 1) / 2, (height - 1) / 2])],
      footprint: wcs.footprint(width, height),
    };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

async function describe(path: string, json: boolean, print: (text: string) => void): Promise<void> {
  const file = await FitsFile.open(path);
  try {
    const hdus = [];
    for (const { index, kind, name, version, header, bytes } of file.hdus) {
      const rest = { index, kind, ...(name && { name, version }), bytes };
      if (!file.hasImage(index)) {
        const columns =
          kind === "table" ? file.table(index).columns.map((column) => `${column.name} ${column.format}`) : undefined;
        hdus.push({ ...rest, ...(columns && { rows: header.integer("NAXIS2"), columns }) });
        continue;
      }
      const image = file.image(index);
      const facts = { ...rest, shape: image.shape, bitpix: image.bitpix, unit: image.header.string("BUNIT") ?? null };
      if (image.shape.length < 2 || image.shape.length > 3) {
        hdus.push(facts);
        continue;
      }
      const summaries = await summarize(bandsOf(image));
      hdus.push({ ...facts, sky: skyOf(image.header, image.width, image.height), bands: summaries.map(factsOf) });
    }
    if (json) print(JSON.stringify({ file: path, hdus }, null, 2));
    else for (const hdu of hdus) printHdu(hdu, print);
  } finally {
    await file.close();
  }
}

const figure = (value: number): string => String(Number(value.toPrecision(6)));

function printHdu(hdu: Readonly<Record<string, unknown>>, print: (text: string) => void): void {
  const { index, kind, name, version, shape, bitpix, unit, sky, bands, rows, columns } = hdu as {
    index: number;
    kind: string;
    name?: string;
    version?: number;
    shape?: number[];
    bitpix?: number;
    unit?: string | null;
    sky?: ReturnType<typeof skyOf>;
    bands?: ReturnType<typeof factsOf>[];
    rows?: number;
    columns?: string[];
  };
  const title = name ? ` ${name},${version}` : "";
  const size = shape
    ? `, [${shape.join(", ")}], BITPIX ${bitpix}${unit ? `, ${unit}` : ""}`
    : columns
      ? `, ${rows} rows`
      : "";
  print(`HDU ${index}${title}: ${kind}${size}`);
  if (columns) print(`  ${columns.join(", ")}`);
  if (sky && "problem" in sky) print(`  ${sky.problem}`);
  else if (sky) {
    print(
      `  ${sky.projection}, ${sky.system}, ${figure(sky.pixelScale)} arcsec a pixel, centre ${sky.center.map((v) => v.toFixed(6)).join(", ")}`,
    );
    print(`  corners ${sky.footprint.map((corner) => corner.map((v) => v.toFixed(6)).join(", ")).join("; ")}`);
  }
  for (const facts of bands ?? []) {
    if (!("zscale" in facts)) {
      print(`  band ${facts.band}: all NaN`);
      continue;
    }
    const { band, numbers, min, max, zscale, histogram } = facts;
    print(
      `  band ${band}: ${numbers} numbers from ${figure(min)} to ${figure(max)}, zscale ${zscale.map(figure).join(" to ")}`,
    );
    print(`    below | ten bins | above: ${histogram.map((share) => `${(100 * share).toFixed(1)}`).join(" ")} %`);
  }
}
