// What is fuzzed: the checkpoint of every model, and every format that is read.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { encode as encodeJpeg } from "jpeg-js";
import { KMeans, Random, requestDevice } from "constella";
import type { Device } from "constella";
import { FitsFile } from "../../src/astronomy";
import { readCsv } from "../../src/data/formats/csv/csv";
import { readImage } from "../../src/data/formats/images/images";
import { readIdx, writeIdx } from "../../src/data/formats/idx";
import { readNpyAny, writeNpy } from "../../src/data/formats/npy/npy";
import { readSparse } from "../../src/data/formats/sparse-files";
import { SAVED } from "../data/saved-sparse";
import { listNpz, readNpzAny, writeNpz } from "../../src/data/formats/npy/npz";
import { readWav } from "../../src/data/formats/wav";
import { encodePng } from "../data/formats/png";
import { encodeWav } from "../data/formats/wav";
import { decodeRun, encodeRun } from "../../src/cli/run/checkpoint";
import type { DataSet } from "../../src/cli/data/load";
import { scaledRows } from "../../src/cli/data/scaling";
import { checkMethodOptions } from "../../src/methods";
import { kmeans } from "../../src/methods/points/kmeans";
import { MODELS, x } from "../lifecycle/models";
import { mutateBytes, mutateCheckpoint, mutatePng, mutateText, pick } from "./mutations";

/** A file that is changed, and what reads it. */
export interface Target {
  readonly name: string;
  /** Whole files. */
  samples(): Promise<readonly Uint8Array[]>;
  mutate(bytes: Uint8Array, random: Random): Uint8Array;
  /** Reads a file and uses what was read. @throws in words, when it is none */
  attempt(bytes: Uint8Array): Promise<void>;
}

let shared: Promise<Device> | undefined;
const device = (): Promise<Device> => (shared ??= requestDevice("wasm", { threads: 0 }));

/** Lets go of what the targets hold. */
export async function endTargets(): Promise<void> {
  const held = await shared;
  shared = undefined;
  held?.destroy();
}

/** Runs `use` and holds that no buffer of the device stays behind. */
async function leavingNothing(use: (on: Device) => Promise<void>): Promise<void> {
  const on = await device();
  const before = on.memory().buffers;
  try {
    await use(on);
  } finally {
    const left = on.memory().buffers - before;
    // eslint-disable-next-line no-unsafe-finally -- a leak is the fault, whatever the file was refused for
    if (left !== 0) throw new Fault(`${left} buffers stay behind`);
  }
}

/** What is wrong whatever was thrown. */
export class Fault extends Error {}

/** Every how many models that can be loaded are asked as well. */
const ASKED = 4;

const models: Target[] = Object.entries(MODELS).map(([name, { make, load, fit, ask }]) => {
  let loaded = 0;
  return {
    name,
    samples: async () => {
      const model = make(await device());
      await fit(model);
      const bytes = await model.save();
      model.dispose();
      return [bytes];
    },
    mutate: mutateCheckpoint,
    attempt: (bytes) =>
      leavingNothing(async (on) => {
        const model = await load(bytes, on);
        try {
          if (!Array.isArray(model.history)) throw new Fault("its history is no array");
          if (loaded++ % ASKED === 0) await ask(model);
        } finally {
          model.dispose();
        }
      }),
  };
});

/** What the command line writes: a model, or none yet, with the record of its run. */
const run: Target = {
  name: "run",
  samples: async () => {
    const model = new KMeans({ nClusters: 3, device: await device() });
    const bytes = await (await model.fit(x)).save();
    model.dispose();
    const measures = { ACC: 0.5, NMI: 0.25, ARI: 0 };
    const record = {
      ...{ seconds: 1.5, options: { nClusters: 3, seed: 0 }, ended: { pretraining: 0.5 } },
      ...{ trace: [{ step: 1, ...measures }], stages: [{ name: "k-means", measures, seconds: 1 }] },
    };
    const identity = { method: "kmeans", scale: "standard", data: "12345678" };
    const columns = Array.from({ length: 8 }, (_, i) => `c${i}`);
    const [means, deviations] = [columns.map(() => 0.5), columns.map(() => 2)];
    return [
      encodeRun({
        checkpoint: { model: bytes, record },
        identity,
        scaling: { kind: "standard", means, deviations },
        columns,
      }),
      encodeRun({ checkpoint: { model: undefined, record }, identity, scaling: { kind: "unit", low: 0, span: 255 } }),
    ];
  },
  mutate: mutateCheckpoint,
  attempt: async (bytes) => {
    const { checkpoint, identity, scaling } = decodeRun("run.safetensors", bytes);
    checkMethodOptions(kmeans, checkpoint.record.options);
    scaledRows({ path: "x.npy", raw: x, isTable: false } as DataSet, scaling);
    if (checkpoint.model) (await KMeans.load(checkpoint.model, { device: await device() })).dispose();
    encodeRun({ checkpoint: { ...checkpoint, model: undefined }, identity, scaling });
  },
};

const texts = (...files: string[]): Uint8Array[] => files.map((text) => new TextEncoder().encode(text));
const sample = { x: Float32Array.of(1, 2, 3, 4), y: Int16Array.of(-1, 5), z: new Float64Array(40) };
const golden = (folder: string, extension: string, most: number): Uint8Array[] =>
  readdirSync(join("test/golden", folder))
    .filter((name) => name.endsWith(extension) && !name.startsWith("bad"))
    .map((name) => new Uint8Array(readFileSync(join("test/golden", folder, name))))
    .filter(({ length }) => length <= most);

function picture(quality: number, grey: boolean): Uint8Array {
  const data = new Uint8Array(24 * 17 * 4).map((_, i) => (grey ? 8 * (i >> 5) : (i * 37) % 256));
  return new Uint8Array(encodeJpeg({ width: 24, height: 17, data }, quality).data);
}

const formats: Target[] = [
  {
    name: "png",
    samples: async () => [
      encodePng([1, 2, 3, 0, 2, 1], { width: 3, height: 2, type: 0, depth: 2 }),
      encodePng([0, 1, 1, 0], { width: 2, height: 2, type: 3, depth: 8, palette: [9, 8, 7, 6, 5, 4] }),
      encodePng(
        Array.from({ length: 432 }, (_, i) => i % 251),
        { width: 12, height: 12, type: 2, depth: 8 },
      ),
    ],
    mutate: mutatePng,
    attempt: async (bytes) => void readImage(bytes),
  },
  {
    name: "jpeg",
    samples: async () => [picture(50, true), picture(90, false)],
    mutate: mutateBytes,
    attempt: async (bytes) => void readImage(bytes),
  },
  {
    name: "wav",
    samples: async () => [
      encodeWav([sample.y, sample.y], { bits: 16, extra: 3 }),
      encodeWav([sample.x], { bits: 32, float: true }),
      encodeWav([sample.z], { bits: 24, extensible: true }),
    ],
    mutate: mutateBytes,
    attempt: async (bytes) => void readWav(bytes),
  },
  {
    name: "csv",
    samples: async () => texts('width,"height, m"\n1.5,2\n"3",4e2\n-5,6\n', "a;b\n1,5;2\n3;4,25\n", "1\t2\n3\t4\n"),
    mutate: mutateText,
    attempt: async (bytes) => void readCsv(bytes),
  },
  {
    name: "csv of labels",
    samples: async () => texts('width,"height, m",kind\n1.5,2,a\n"3",4e2,b\n-5,6,a\n', 'x,kind\n1,a\n2,"b\nc"\n,d\n'),
    mutate: mutateText,
    attempt: async (bytes) => void readCsv(bytes, { label: "kind", missing: "drop" }),
  },
  {
    name: "idx",
    samples: async () =>
      [writeIdx(sample.y), gzipSync(writeIdx(sample.z)), writeIdx(Float32Array.of(1, 2, 3))].map((file) =>
        Uint8Array.from(file),
      ),
    mutate: mutateBytes,
    attempt: async (bytes) => void readIdx(bytes),
  },
  {
    name: "npz",
    samples: async () => [writeNpz(sample, { compress: false }), writeNpz(sample)],
    mutate: mutateBytes,
    attempt: async (bytes) => {
      for (const name of listNpz(bytes)) readNpzAny(bytes, name);
    },
  },
  {
    name: "scipy npz",
    samples: async () => ["csr", "csc", "coo"].map((format) => Uint8Array.from(Buffer.from(SAVED[format]!, "base64"))),
    mutate: mutateBytes,
    attempt: async (bytes) => void readSparse(bytes),
  },
  {
    name: "mtx",
    samples: async () =>
      texts(
        "%%MatrixMarket matrix coordinate real symmetric\n% words\n3 3 4\n1 1 1\n2 1 -2.5\n3 2 1e2\n3 3 5\n",
        "%%MatrixMarket matrix array integer general\n2 3\n1\n2\n0\n4\n5\n6\n",
      ),
    mutate: mutateText,
    attempt: async (bytes) => void readSparse(bytes),
  },
  {
    name: "npy",
    samples: async () => [...golden("npy", ".npy", 20_000), writeNpy(sample.z)].filter(whole),
    mutate: mutateBytes,
    attempt: async (bytes) => void readNpyAny(bytes),
  },
  {
    name: "fits",
    samples: async () => golden("fits_astro", ".fits", 30_000),
    mutate: mutateBytes,
    attempt: async (bytes) => {
      const file = await FitsFile.open(bytes);
      for (const { index, kind } of file.hdus) {
        if (kind === "table") for (const { name } of file.table(index).columns) await file.table(index).read(name);
        else if (file.hasImage(index)) await file.image(index).read();
      }
    },
  },
];

/** Whether a file is read as it stands. */
function whole(bytes: Uint8Array): boolean {
  try {
    readNpyAny(bytes);
    return true;
  } catch {
    return false;
  }
}

/** All of them. */
export const TARGETS: readonly Target[] = [...models, run, ...formats];

/** Milliseconds of this process that a file may take: far more than any does. */
const LONGEST = 5000;
/** Words of the language, or of a value that was printed, in place of the library's. */
const RAW = /undefined|\[object|Cannot |is not a function|not iterable|Invalid typed array|out of bounds|Maximum call/;

/** How a fuzzing went. */
export interface Tally {
  read: number;
  refused: number;
  readonly faults: { readonly run: number; readonly message: string }[];
}

/**
 * Tries `count` changed files, the same for one seed: each is read, or refused by one line in words, within seconds.
 * @param each called before each with its number
 */
export async function fuzz(target: Target, count: number, seed: number, each?: (run: number) => void): Promise<Tally> {
  const samples = await target.samples();
  for (const bytes of samples) await target.attempt(bytes);
  const tally: Tally = { read: 0, refused: 0, faults: [] };
  for (let run = 0; run < count; run++) {
    each?.(run);
    const random = new Random(seed * 2 ** 20 + run);
    const bytes = target.mutate(pick(random, samples), random);
    const fault = (message: string): void => void tally.faults.push({ run, message: message.slice(0, 300) });
    const begin = process.cpuUsage();
    try {
      await target.attempt(bytes);
      tally.read++;
    } catch (error) {
      tally.refused++;
      const { name, message } = error as Error;
      if (!(error instanceof Error)) fault(`no Error: ${String(error)}`);
      else if (error instanceof Fault) fault(message);
      else if (/^(Type|Range|Reference|Syntax)Error$/.test(name) || error instanceof WebAssembly.RuntimeError)
        fault(`${name}: ${message} ${error.stack?.split("\n")[1]?.trim() ?? ""}`);
      else if (/[\n\r]/.test(message) || RAW.test(message)) fault(message);
    }
    const { user, system } = process.cpuUsage(begin);
    if (user + system > 1000 * LONGEST) fault(`took ${((user + system) / 1e6).toFixed(1)} s`);
  }
  return tally;
}
