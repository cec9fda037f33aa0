// constella sky stamps: stamps of the objects of a catalogue, cut out of a field by their places on the sky.
import { Command } from "commander";
import { cutStamps, readBands } from "../../astronomy";
import { writeCsv } from "../../data/formats/csv/csv";
import { writeNpy } from "../../data/formats/npy/npy";
import { NdArray } from "../../ndarray";
import { loadCatalogue } from "../cubes/catalogue";
import { openFits } from "../cubes/read";
import { columnOf } from "../data/options";
import { choice, integer, text, toOption, type OptionSpec } from "../option";
import { takeFolder } from "../run/folder";
import { mapTo } from "../../typed-arrays";

const OPTIONS: readonly OptionSpec[] = [
  { name: "size", rule: integer(4, 1024), help: "side of a stamp in pixels (default 32)" },
  {
    name: "places",
    rule: choice("sky", "pixels"),
    help: "columns that say where: ra and dec in degrees (of other coordinates glon and glat, elon and elat), or x and y from 0 (default sky, where the field has world coordinates)",
  },
  { name: "idColumn", rule: text("NAME"), help: "the column that names the objects" },
  { name: "labelColumn", rule: text("NAME"), help: "the column of known classes, which becomes labels.npy" },
  { name: "hdu", rule: text("NAME|N"), help: "the image's HDU (default SCI, or the first with an image)" },
];

interface StampsFlags {
  readonly catalogue: string;
  readonly size?: number;
  readonly places?: "sky" | "pixels";
  readonly idColumn?: string;
  readonly labelColumn?: string;
  readonly hdu?: string;
  readonly out: string;
}

/** Columns of the two coordinates of a place, by the system of the field. */
const COLUMNS: Readonly<Record<string, readonly [string, string]>> = {
  pixels: ["x", "y"],
  equatorial: ["ra", "dec"],
  galactic: ["glon", "glat"],
  ecliptic: ["elon", "elat"],
};

/** `constella sky stamps`. */
export function skyStampsCommand(print: (text: string) => void): Command {
  const command = new Command("stamps")
    .summary("stamps of the objects of a catalogue, cut out of a field")
    .description(
      "Cuts squares around the objects of a catalogue, as cluster and predict write them for a field (objects.csv) or another with its columns, out of a FITS " +
        "cube. Writes stamps.npy [n, bands, size, size], catalogue.csv (row of the catalogue and place of each stamp), and with --label-column labels.npy. " +
        "Objects whose stamp reaches beyond the data are left out.",
    )
    .argument("<field>", "a FITS image or cube (.fits, .fits.gz, tile-compressed)")
    .requiredOption(
      "--catalogue <FILE>",
      "a line for each object: a CSV file, or the first binary table of a FITS file",
    );
  for (const spec of OPTIONS) command.addOption(toOption(spec));
  return command
    .requiredOption("--out <DIR>", "folder for the files, made where it is missing")
    .action((field: string, flags: StampsFlags) => stamps(field, flags, print));
}

async function stamps(
  path: string,
  { catalogue, size = 32, places, idColumn, labelColumn, hdu, out }: StampsFlags,
  print: (text: string) => void,
): Promise<void> {
  const opened = await openFits(path, hdu);
  try {
    const { wcs } = opened;
    if (places === "sky" && !wcs)
      throw new Error(`--places sky is for a field with world coordinates, ${path} has none`);
    const sky = places === "pixels" ? undefined : wcs;
    const names = COLUMNS[sky ? sky.system : "pixels"]!;
    const table = await loadCatalogue(catalogue, {
      places: names,
      id: idColumn === undefined ? undefined : columnOf(idColumn),
      label: labelColumn === undefined ? undefined : columnOf(labelColumn),
    });
    const pixels = sky ? sky.worldToPixel(table.places) : table.places;
    const total = pixels.length / 2;
    const { stamps: cut, index } = cutStamps(await readBands(opened), pixels, size);
    if (index.length === 0)
      throw new Error(`${catalogue}: no object has ${size} x ${size} pixels with data in ${path}, of ${total}`);
    const rows = Array.from(index).flatMap((row) => [row, ...pixels.subarray(2 * row, 2 * row + 2), ...(sky ? table.places.subarray(2 * row, 2 * row + 2) : [])]); // prettier-ignore
    const columns = ["row", "x", "y", ...(sky ? names : [])];
    const ids = table.ids && Array.from(index, (row) => table.ids![row]!);
    const folder = await takeFolder(out);
    try {
      await folder.write("stamps.npy", writeNpy(cut));
      const values = new NdArray(Float64Array.from(rows), [index.length, columns.length]);
      await folder.write("catalogue.csv", writeCsv(values, { columns, ...(ids && { ids }) }));
      if (table.labels) {
        const { labels, classes } = table.labels;
        await folder.write("labels.npy", writeNpy(mapTo(Int32Array, index, (row) => labels[row]!)));
        if (classes) await folder.write("classes.txt", `${classes.join("\n")}\n`);
      }
    } finally {
      await folder.release();
    }
    const left = total - index.length;
    print(
      `${index.length} stamps of ${size} x ${size} pixels in ${opened.bands} bands, in ${out}${left > 0 ? `; ${left} objects reach beyond the data and are left out` : ""}`,
    );
  } finally {
    await opened.close();
  }
}
