// Reports of real runs of the command line, for the site.
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./root.mjs";

/** Digits of 8 × 8 pixels, with their classes: those of the tests. */
const DIGITS = "test/fixtures/digits_8x8.npz";

/** @typedef {{ id: string, title: string, text: string, data: string, args: readonly string[] }} Run */

/** @type {readonly Run[]} */
const RUNS = [
  {
    ...{ id: "digits-kmeans", title: "Digits, k-means", data: "digits.npz" },
    text: "1,797 handwritten digits by their pixels: the baseline of all that follow.",
    args: ["--labels", "digits.npz", "--method", "kmeans", "--clusters", "10", "--n-init", "20", "--scale", "unit"],
  },
  {
    ...{ id: "digits-n2d", title: "Digits, N2D", data: "digits.npz" },
    text: "An autoencoder, UMAP of its codes, and a Gaussian mixture.",
    args: [
      "--labels",
      "digits.npz",
      "--method",
      "n2d",
      "--clusters",
      "10",
      "--layers",
      "64,256,256,512,10",
      "--epochs",
      "60",
    ],
  },
  {
    ...{ id: "digits-dec", title: "Digits, DEC", data: "digits.npz" },
    text: "An autoencoder whose codes and centres sharpen each other.",
    args: [
      ...["--labels", "digits.npz", "--method", "dec", "--clusters", "10", "--layers", "64,256,256,512,10"],
      ...["--layer-epochs", "0", "--pretrain-epochs", "60", "--target", "batch", "--update-interval", "16"],
    ],
  },
  {
    ...{ id: "shapes-hdbscan", title: "Moons, rings and noise, HDBSCAN", data: "shapes.csv" },
    text: "Clusters of any shape, their number found, and what is left as noise.",
    args: ["--label-column", "shape", "--method", "hdbscan", "--min-cluster-size", "25"],
  },
  {
    ...{ id: "shapes-som", title: "The same points, a self-organising map", data: "shapes.csv" },
    text: "Units on a grid that follow the points, and the valleys between them.",
    args: ["--label-column", "shape", "--method", "som", "--rows", "12", "--method-columns", "12"],
  },
];

/** Two moons, a ring, a blob and noise, as CSV. */
async function shapes() {
  const { Random } = await import(pathToFileURL(join(root, "dist/index.js")).href);
  const random = new Random(5);
  const rows = Array.from({ length: 1200 }, (_, i) => {
    const [u, v] = [random.uniform(), 0.06 * random.normal()];
    const angle = Math.PI * u;
    const kind = i % 12 === 11 ? 4 : i % 4;
    if (kind === 0) return [Math.cos(angle) + v, Math.sin(angle) + 0.06 * random.normal(), "upper moon"];
    if (kind === 1) return [1 - Math.cos(angle) + v, 0.5 - Math.sin(angle) + 0.06 * random.normal(), "lower moon"];
    if (kind === 2) return [3.6 + (0.8 + v) * Math.cos(2 * angle), 0.3 + (0.8 + v) * Math.sin(2 * angle), "ring"];
    if (kind === 3) return [3.6 + 3 * v, 0.3 + 0.18 * random.normal(), "blob"];
    return [-1.5 + 6.5 * u, -1.2 + 3 * random.uniform(), "noise"];
  });
  return ["x,y,shape", ...rows.map(([x, y, kind]) => `${Number(x).toFixed(4)},${Number(y).toFixed(4)},${kind}`)].join(
    "\n",
  );
}

/**
 * Runs the commands in a folder, and puts their reports into another.
 * @returns {Promise<{ href: string, title: string, text: string }[]>}
 */
export async function gallery(folder, out, { small, execute }) {
  await copyFile(join(root, DIGITS), join(folder, "digits.npz"));
  await writeFile(join(folder, "shapes.csv"), await shapes());
  const entries = [];
  for (const { id, title, text, data, args } of small ? RUNS.slice(0, 1) : RUNS) {
    await execute(
      process.execPath,
      [join(root, "dist/cli.js"), "cluster", data, ...args, "--out", id, "--quiet"],
      folder,
    );
    await copyFile(join(folder, id, "report.html"), join(out, `${id}.html`));
    const { acc, nmi } = JSON.parse(await readFile(join(folder, id, "metrics.json"), "utf8"));
    entries.push({ href: `${id}.html`, title, text: `${text} Accuracy ${acc.toFixed(3)}, NMI ${nmi.toFixed(3)}.` });
  }
  return entries;
}
