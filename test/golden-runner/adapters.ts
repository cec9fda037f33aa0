import { API } from "./adapter";
import type { Adapter, Adapters } from "./adapter";
import { ELEMENTWISE } from "./elementwise";
import { INDEXING } from "./indexing";
import { LOSSES } from "./losses";
import { MATMUL } from "./matmul";
import { METRICS } from "./metrics";
import { OPTIMIZERS } from "./optimizers";
import { READERS } from "./readers";
import { REDUCTIONS } from "./reductions";
import { ROWS } from "./rows";

const ADAPTERS: Adapters = {
  ...ELEMENTWISE,
  ...INDEXING,
  ...LOSSES,
  ...MATMUL,
  ...METRICS,
  ...OPTIMIZERS,
  ...READERS,
  ...REDUCTIONS,
  ...ROWS,
};

const camelCase = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The adapter of an op; undefined while the library exports nothing for it. */
export function adapterOf(op: string): Adapter | undefined {
  const adapter = ADAPTERS[op];
  return adapter?.needs.every((name) => typeof API[name] === "function") ? adapter : undefined;
}

/** What is wrong where the library exports a function of the op's name, but there is no adapter that runs it. */
export function missingAdapter(op: string): string | undefined {
  const name = camelCase(op);
  if (ADAPTERS[op] || typeof API[name] !== "function") return undefined;
  return `${name} is exported, but test/golden-runner has no adapter of ${op}`;
}
