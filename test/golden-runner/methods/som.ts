import { CSOM } from "../../../src/som/maps/csom";
import { Grid } from "../../../src/som/grid";
import { batchEpoch, winnersOf, withUnits } from "../../../src/som/batch";
import { onlineSteps } from "../../../src/som/online";
import { Blocks, openRows } from "../../../src/som/rows";
import { twoWinnersLinkage, uMatrix, uMatrixComponents, uMatrixWatershed } from "../../../src/som/u-matrix";
import type { MapQuality } from "../../../src/som/u-matrix";
import { chunkRows } from "../../../src/som/units";
import { tensor } from "constella";
import type { Device } from "constella";
import { onDevice, onHost } from "../adapter";
import type { Adapters } from "../adapter";
import type { Values } from "../format";

interface GridAttributes {
  readonly rows: number;
  readonly cols: number;
  readonly topology: "rect" | "hex";
  readonly toroid: boolean;
}

const gridOf = ({ rows, cols, topology, toroid }: GridAttributes): Grid =>
  new Grid({ rows, columns: cols, topology: topology === "hex" ? "hexagonal" : "rectangular", toroid });

const numbers = (values: Values): Float64Array => Float64Array.from(values.data as ArrayLike<number | bigint>, Number);

const shaped = (data: ArrayLike<number>, { rows, columns }: Grid): { data: ArrayLike<number>; shape: number[] } => ({
  data,
  shape: [rows, columns],
});

/** The code book at the end, and how well it fits. */
async function fit(
  x: Values,
  codebook: ArrayLike<number>,
  grid: Grid,
  device: Device,
): Promise<{ bmu: Int32Array; bmu2: Int32Array; quality: MapQuality }> {
  const rows = await openRows(x, "golden");
  const blocks = new Blocks(device, rows, chunkRows(grid.units, rows.d));
  try {
    return await withUnits(device, codebook, grid.units, async (units) => {
      const { nearest, quality } = await winnersOf(blocks, rows.n, units, grid);
      const points = tensor(device, numbers(x), x.shape);
      const { second } = await units.winners(points);
      points.dispose();
      return { bmu: nearest, bmu2: second, quality };
    });
  } finally {
    blocks.dispose();
  }
}

export const SOM: Adapters = {
  som_online: onDevice<
    { x: Values; codebook0: Values; order: Values; sigma: Values; learning_rate: Values },
    GridAttributes
  >(async ({ x, codebook0, order, sigma, learning_rate }, attrs, { device }) => {
    const grid = gridOf(attrs);
    const points = tensor(device, numbers(x), x.shape);
    const steps = {
      order: Uint32Array.from(numbers(order)),
      sigma: (t: number) => numbers(sigma)[t]!,
      learningRate: (t: number) => numbers(learning_rate)[t]!,
    };
    const { codebook, winners } = await onlineSteps(points, numbers(codebook0), grid, steps);
    points.dispose();
    const { bmu, quality } = await fit(x, codebook, grid, device);
    return {
      codebook: { data: codebook, shape: codebook0.shape },
      bmu_trace: winners,
      bmu,
      quantization_error: quality.quantizationError,
      topographic_error: quality.topographicError,
    };
  }),
  som_batch: onDevice<{ x: Values; codebook0: Values; sigma: Values; cutoff?: Values }, GridAttributes>(
    async ({ x, codebook0, sigma, cutoff }, attrs, { device }) => {
      const grid = gridOf(attrs);
      const codebook = numbers(codebook0);
      const rows = await openRows(x, "golden");
      const blocks = new Blocks(device, rows, chunkRows(grid.units, rows.d));
      const first = await fit(x, codebook, grid, device);
      let afterOne = codebook.slice();
      await withUnits(device, codebook, grid.units, async (units) => {
        for (const [epoch, width] of numbers(sigma).entries()) {
          const pull = { sigma: width, ...(cutoff && { cutoff: numbers(cutoff)[epoch]! }) };
          await batchEpoch(blocks, units, codebook, grid, pull);
          if (epoch === 0) afterOne = codebook.slice();
        }
      });
      blocks.dispose();
      const { bmu, bmu2, quality } = await fit(x, codebook, grid, device);
      return {
        ...{
          codebook: { data: codebook, shape: codebook0.shape },
          codebook_1: { data: afterOne, shape: codebook0.shape },
        },
        ...{ bmu_1: first.bmu, bmu, bmu2, hits: quality.hits },
        quantization_error: quality.quantizationError,
        topographic_error: quality.topographicError,
      };
    },
  ),
  som_quality: onDevice<{ x: Values; codebook: Values }, GridAttributes>(async ({ x, codebook }, attrs, { device }) => {
    const grid = gridOf(attrs);
    const { bmu, bmu2, quality } = await fit(x, numbers(codebook), grid, device);
    return {
      ...{ bmu, bmu2, hits: shaped(quality.hits, grid) },
      quantization_error: quality.quantizationError,
      topographic_error: quality.topographicError,
    };
  }),
  som_two_winners_linkage: onDevice<{ x: Values; codebook: Values }, GridAttributes & { minLinks: number }>(
    async ({ x, codebook }, attrs, { device }) => {
      const grid = gridOf(attrs);
      const { quality } = await fit(x, numbers(codebook), grid, device);
      return { labels: shaped(twoWinnersLinkage(quality.links, attrs.minLinks), grid) };
    },
  ),
  u_matrix: onHost<{ codebook: Values }, GridAttributes & { neighbours: 4 | 6 | 8 }>(({ codebook }, attrs) => {
    const grid = gridOf(attrs);
    const { mean, scaledSum } = uMatrix(numbers(codebook), grid, attrs.neighbours);
    return { u: shaped(mean, grid), u_sum_scaled: shaped(scaledSum, grid) };
  }),
  som_umatrix_components: onHost<{ codebook: Values }, GridAttributes & { neighbours: 4 | 6 | 8; threshold: number }>(
    ({ codebook }, attrs) => {
      const grid = gridOf(attrs);
      const { labels, assigned } = uMatrixComponents(numbers(codebook), grid, attrs.threshold, attrs.neighbours);
      return { labels: shaped(labels, grid), assigned: shaped(assigned, grid) };
    },
  ),
  som_umatrix_watershed: onHost<{ codebook: Values }, GridAttributes & { neighbours: 4 | 6 | 8 }>(
    ({ codebook }, attrs) => {
      const grid = gridOf(attrs);
      const { labels, markers } = uMatrixWatershed(numbers(codebook), grid, attrs.neighbours);
      return { labels: shaped(labels, grid), markers };
    },
  ),
  csom: onDevice<
    Readonly<Record<string, Values>>,
    { layers: { rows: number; cols: number; diameter: number; variance: number[] }[] }
  >(async ({ x, ...begin }, { layers }, { device }) => {
    const csom = new CSOM({
      layers: layers.map(({ rows, cols, diameter, variance }) => ({ rows, columns: cols, diameter, variance })),
      init: layers.map((_, layer) => begin[`codebook0_${layer}`]!),
      device,
    });
    await csom.fit(x!);
    return Object.fromEntries(
      layers.flatMap((_, layer) => [
        [`codebook_${layer}`, csom.codebook(layer)],
        [`label_${layer}`, csom.layerLabels(layer)],
        [`hits_${layer}`, csom.hits(layer)],
      ]),
    );
  }),
};
