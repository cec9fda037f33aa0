import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { version } from "../../../package.json";
import { BANDS, SKY_SIGMA, simulateStarsGalaxies, STAMP_COLUMNS, STAR } from "../../data/datasets/stars-galaxies";
import type { StarGalaxyStamps } from "../../data/datasets/stars-galaxies";
import { AtomicFile } from "../../data/formats/atomic-file";
import { NpyWriter } from "../../data/formats/npy/writer";
import { npyRecordsHeader, packRecords } from "../../data/formats/npy/records";
import type { RecordFields } from "../../data/formats/npy/records";
import { NdArray } from "../../ndarray";
import { interruptible } from "../run/interrupt";
import { integer, kebab, positive, range, toOption, type OptionSpec } from "../option";
import { ProgressDisplay } from "../progress";
import { generate } from "../../typed-arrays";

interface StampOptions {
  readonly n?: number;
  readonly seed?: number;
  readonly size?: number;
  readonly starShare?: number;
  readonly blendShare?: number;
  readonly radius?: number;
  readonly faintest?: number;
  readonly field?: number;
  readonly out: string;
}

const portion = range(0, 1);

const OPTIONS: readonly OptionSpec[] = [
  {
    name: "n",
    rule: integer(1),
    help: "stamps (default 10000), or objects of the field (default one for 1600 pixels)",
  },
  { name: "seed", rule: integer(0), help: "of everything random (default 0)" },
  { name: "size", rule: integer(8), help: "side in pixels of 0.396 arcsec (default 32; SDSS's stamps 64)" },
  { name: "starShare", rule: portion, help: "chance of an object to be a star (default 0.3)" },
  { name: "blendShare", rule: portion, help: "chance of a second source (default 0.15)" },
  { name: "radius", rule: positive, help: "median effective radius of galaxies over the seeing (default 0.6)" },
  { name: "faintest", rule: positive, help: "smallest flux in r, in sky sigmas of a pixel (default 150)" },
  { name: "field", rule: integer(8, 8192), help: "a field of so many pixels a side, in place of stamps" },
];

const DETAILS =
  "Writes stamps.npy (records objID, image [5, size, size] in u g r i z with the unit the sky's standard deviation in a pixel of r, class STAR or GALAXY, z: " +
  "the fields of SDSS's stamps), masks.npy (1 first source, 2 second), labels.npy (1 star, 0 galaxy), catalogue.csv and simulation.json. With --field one sky " +
  "with many objects: field.fits [5, N, N] with world coordinates, objects.fits (the number of the object at each pixel), catalogue.csv and simulation.json. Simulated, not observed.";

/** Stamps simulated at a time. */
const CHUNK = 250;

/** `constella simulate stars-galaxies`: five-band stamps of stars and galaxies into a folder. */
export function stampsCommand(print: (text: string) => void): Command {
  const stamps = new Command("stars-galaxies").summary("five-band stamps of stars and galaxies").description(DETAILS);
  for (const spec of OPTIONS) stamps.addOption(toOption(spec));
  stamps.requiredOption("--out <DIR>", "folder for the files, made where it is missing");
  return stamps.action((given: StampOptions) => simulate(given, print));
}

/** Fluxes in r that objects have, by the smallest one. */
const fluxes = (faintest: number): readonly [number, number] => [faintest, Math.max(6000, faintest)];

/** Simulates a field. @throws for options of stamps */
async function fieldOf(
  { n, seed = 0, size, starShare, blendShare, radius, faintest = 150, out }: StampOptions,
  side: number,
): Promise<string> {
  const own = Object.entries({ size, blendShare }).find(([, value]) => value !== undefined)?.[0];
  if (own !== undefined) throw new Error(`--${kebab(own)} is for stamps, --field makes none`);
  const given = Object.entries({ n, starShare, radius }).filter(([, value]) => value !== undefined);
  const { simulateField } = await import("./simulate-field");
  return simulateField({ ...Object.fromEntries(given), seed, size: side, flux: fluxes(faintest) }, out, version);
}

/** Records of stamps as SDSS's files have them; objIDs count from 1. */
function recordsOf({ images, labels, redshift }: StarGalaxyStamps, first: number): RecordFields {
  const n = labels.length;
  return {
    objID: new NdArray(
      generate(BigInt64Array, n, (i) => BigInt(first + i + 1)),
      [n],
    ),
    image: images,
    class: { data: Array.from(labels, (label) => (label === STAR ? "STAR" : "GALAXY")), shape: [n] },
    z: new NdArray(redshift, [n]),
  };
}

async function simulate(given: StampOptions, print: (text: string) => void): Promise<void> {
  if (given.field !== undefined) return print(await fieldOf(given, given.field));
  const {
    n = 10000,
    seed = 0,
    size = 32,
    starShare = 0.3,
    blendShare = 0.15,
    radius = 0.6,
    faintest = 150,
    out,
  } = given;
  const settings = { seed, size, starShare, blendShare, radius, flux: fluxes(faintest) };
  const part = (first: number): StarGalaxyStamps =>
    simulateStarsGalaxies({ ...settings, first, n: Math.min(CHUNK, n - first) });
  simulateStarsGalaxies({ ...settings, n: 0 }); // the options, before anything is written
  await mkdir(out, { recursive: true }).catch((error: Error) => {
    throw new Error(`cannot write ${out}: ${error.message}`, { cause: error });
  });
  const path = (name: string): string => join(out, name);
  const progress = new ProgressDisplay();
  const { signal, release } = interruptible((text) => progress.note(text));
  const written: (AtomicFile | NpyWriter)[] = [];
  const begun = async <T extends AtomicFile | NpyWriter>(file: Promise<T>): Promise<T> => {
    const made = await file;
    written.push(made);
    return made;
  };
  try {
    const stamps = await begun(AtomicFile.create(path("stamps.npy")));
    const masks = await begun(NpyWriter.create(path("masks.npy"), [n, size, size], "uint8"));
    const labels = await begun(NpyWriter.create(path("labels.npy"), [n], "int32"));
    const catalogue = await begun(AtomicFile.create(path("catalogue.csv")));
    await catalogue.write(`objID,class,z,${STAMP_COLUMNS.join(",")}\n`);
    let stars = 0;
    for (let first = 0; first < n; first += CHUNK) {
      signal.throwIfAborted();
      const made = part(first);
      const fields = recordsOf(made, first);
      if (first === 0) await stamps.write(npyRecordsHeader(fields, n));
      await stamps.write(packRecords(fields));
      await masks.write(made.masks.data);
      await labels.write(made.labels);
      const lines = Array.from(made.labels, (label, i) => {
        const values = STAMP_COLUMNS.map((name) => Number(made.columns[name][i]!.toPrecision(7)));
        return [
          first + i + 1,
          label === STAR ? "STAR" : "GALAXY",
          Number(made.redshift[i]!.toPrecision(7)),
          ...values,
        ].join(",");
      });
      await catalogue.write(`${lines.join("\n")}\n`);
      stars += made.labels.reduce((sum, label) => sum + Number(label === STAR), 0);
      progress.update({ stage: "simulating", done: first + made.labels.length, total: n });
    }
    const facts = await begun(AtomicFile.create(path("simulation.json")));
    const what = "simulated stamps of stars and galaxies";
    const bands = { bands: BANDS, skySigma: SKY_SIGMA, unit: "the sky's standard deviation in a pixel of r" };
    await facts.write(
      `${JSON.stringify({ n, what, ...settings, ...bands, labels: { star: 1, galaxy: 0 }, constella: version }, null, 2)}\n`,
    );
    for (const file of written) await (file instanceof NpyWriter ? file.close() : file.commit());
    progress.stop();
    print(`${n} stamps, ${stars} stars and ${n - stars} galaxies, in ${out}: simulated`);
  } catch (error) {
    for (const file of written) await file.discard();
    throw error;
  } finally {
    progress.stop();
    release();
  }
}
