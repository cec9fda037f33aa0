// npm run example:star-galaxy [-- options]: stars and galaxies told apart without a label, by one unit of a conditional VAE, beside what else is simple.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { requestDevice } from "constella";
import { run } from "constella/commands";
import { formatSpread, spread } from "../spread";
import { cell, METHODS } from "./cells";
import type { Cell, Setting } from "./cells";
import { figuresOf } from "./figures";
import { ASIDE } from "./methods";
import { page } from "./report";
import { axesOf, preparedStamps, stampsOf } from "./data";
import type { Axes, Preparation } from "./data";

interface Options {
  readonly full?: true;
  readonly hard?: true;
  readonly train?: string;
  readonly test?: string;
  readonly testSeed?: string;
  readonly seeds?: string;
  readonly methods?: string;
  readonly out: string;
}

/** Stamps, passes and seeds of both sizes; the test stamps are of a simulation of their own. */
const SMALL = { train: 3000, test: 4000, epochs: 12, seeds: 3 };
const FULL = { train: 20000, test: 20000, epochs: 12, seeds: 100 };
/** Small galaxies, fainter, more blends. */
const HARD = { radius: 0.3, flux: [50, 6000], blendShare: 0.3 } as const;
const [TRAIN_SEED, TEST_SEED] = [11, 12];

async function study({ full, hard, methods, out, ...given }: Options): Promise<void> {
  const usual = full ? FULL : SMALL;
  const number = (text: string | undefined, otherwise: number): number =>
    text === undefined ? otherwise : Number(text);
  const size = {
    ...{ train: number(given.train, usual.train), test: number(given.test, usual.test), epochs: usual.epochs },
    ...{ seeds: number(given.seeds, usual.seeds), testSeed: number(given.testSeed, TEST_SEED) },
  };
  const seeds = Array.from({ length: size.seeds }, (_, i) => i);
  const folder = join(out, `${hard ? "hard-" : ""}${size.train}-${size.test}-${size.testSeed}`);
  mkdirSync(folder, { recursive: true });
  const sky = hard ? HARD : {};
  console.log(`simulating ${size.train} + ${size.test} stamps`);
  const train = stampsOf({ n: size.train, seed: TRAIN_SEED, ...sky });
  const test = stampsOf({ n: size.test, seed: size.testSeed, ...sky });
  const device = await requestDevice();
  const stamps = once((preparation: Preparation) => preparedStamps(train, test, preparation));
  const axes = once((preparation: Preparation): Promise<Axes> => axesOf(stamps(preparation), device));
  const setting: Setting = { train, test, stamps, axes, device, epochs: size.epochs, folder };
  const chosen = METHODS.filter(({ id }) =>
    methods === undefined ? full || !ASIDE.includes(id) : methods.split(",").includes(id),
  );
  const rows: { title: string; cells: Cell[] }[] = [];
  for (const method of chosen) {
    const cells: Cell[] = [];
    for (const seed of method.baseline ? [0] : seeds) cells.push(await cell(method, seed, setting));
    rows.push({ title: method.title, cells });
    const values = cells.map((one) => one.auc);
    console.log(`${method.title.padEnd(46)} ${formatSpread(spread(values), 4)}  min ${Math.min(...values).toFixed(4)}`);
  }
  const figures = await figuresOf(setting);
  device.destroy();
  writeFileSync(join(folder, "results.json"), `${JSON.stringify(rows, null, 2)}\n`);
  writeFileSync(join(folder, "report.html"), await page(rows, figures, { ...size, hard: hard ?? false }));
  console.log(join(folder, "report.html"));
}

/** f, whose values are kept. */
function once<K, V>(f: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const value = known.get(key) ?? f(key);
    known.set(key, value);
    return value;
  };
}

await run(
  new Command("star-galaxy")
    .description("tells stars from galaxies without labels and compares how")
    .option("--full", "20,000 + 20,000 stamps and 100 seeds, not 3,000 + 4,000 and 3, and all rows")
    .option("--hard", "galaxies half as large, fainter, twice the blends")
    .option("--train <N>", "stamps to train on")
    .option("--test <N>", "stamps of another simulation to score")
    .option("--test-seed <N>", "of that simulation", String(TEST_SEED))
    .option("--seeds <N>", "seeds of each method that is trained")
    .option("--methods <IDS>", `some rows only: ${METHODS.map(({ id }) => id).join(",")}`)
    .option("--out <DIR>", "folder of results, where finished cells are kept", "out/star-galaxy")
    .action(study),
);
