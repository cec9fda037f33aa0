import { checkFlag } from "../checks";
import module from "../../build/host/assignment.host.wasm";
import { HostModule, onHost, type Host, type HostArray, type HostFunctions } from "../host";
import { toContiguous, type MatrixLike } from "../matrix";

/** Functions of wasm/host/assignment.ts. */
export const ASSIGNMENT = /* @__PURE__ */ new HostModule<
  HostFunctions<"assign", void> & HostFunctions<"greedy_matches", number>
>(module);

/** A one-to-one assignment of min(r, c) rows to columns. */
export interface Assignment {
  /** Assigned rows, ascending. */
  readonly rows: number[];
  /** The column of each of them. */
  readonly columns: number[];
  /** Sum of the costs of the pairs. */
  readonly total: number;
}

/** The column of each row in a minimum-cost assignment of cost [r, c], r ≤ c, in the host's memory. */
export function assign(host: Host, cost: HostArray<Float64Array>, r: number, c: number): Uint32Array {
  const columnOfRow = host.u32(r);
  const scratch = host.f64(2 * r + 4 * c);
  host.of(ASSIGNMENT).assign(cost.pointer, r, c, columnOfRow.pointer, scratch.pointer);
  return columnOfRow.view.slice();
}

/**
 * Optimal one-to-one assignment of the rows of cost [r, c] to its columns: minimises (or with `maximize` maximises) the sum of the costs.
 * Where r ≠ c the surplus stays unassigned. O(min² max) in float64.
 * Throws for a cost that is not a finite number, naming its place.
 * Kuhn, The Hungarian method for the assignment problem, 1955; by shortest augmenting paths, Crouse, On implementing 2D rectangular
 * assignment algorithms, 2016.
 */
export function hungarian(cost: MatrixLike, { maximize = false }: { maximize?: boolean } = {}): Assignment {
  checkFlag("hungarian", { maximize });
  const { data, shape } = toContiguous(cost, "hungarian", "cost");
  const [r = 0, c = 0] = shape;
  if (shape.length !== 2) throw new Error(`hungarian: cost must be a matrix, got shape [${shape.join(", ")}]`);
  const columnOfRow = new Map<number, number>();
  let total = 0;
  if (r > 0 && c > 0)
    onHost((host) => {
      const wide = r <= c;
      const values = host.f64(r * c);
      const { view } = values;
      for (let i = 0; i < r; i++) {
        for (let j = 0; j < c; j++) {
          const value = Number(data[i * c + j]);
          if (!Number.isFinite(value))
            throw new Error(`hungarian: cost must be finite, got ${value} at row ${i}, column ${j}`);
          view[wide ? i * c + j : j * r + i] = maximize ? -value : value;
        }
      }
      const assigned = assign(host, values, Math.min(r, c), Math.max(r, c));
      assigned.forEach((to, from) => columnOfRow.set(...((wide ? [from, to] : [to, from]) as [number, number])));
    });
  const rows = [...columnOfRow.keys()].sort((a, b) => a - b);
  const columns = rows.map((row) => columnOfRow.get(row)!);
  rows.forEach((row, i) => (total += Number(data[row * c + columns[i]!])));
  return { rows, columns, total };
}
