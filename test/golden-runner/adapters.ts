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

const ADAPTERS: Adapters = {
  ...ELEMENTWISE,
  ...INDEXING,
  ...LOSSES,
  ...MATMUL,
  ...METRICS,
  ...OPTIMIZERS,
  ...READERS,
  ...REDUCTIONS,
};

const camelCase = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/**
 * The adapter of an op; undefined while the library exports nothing for it.
 * @throws when there is an export of that name and no adapter
 */
export function adapterOf(op: string): Adapter | undefined {
  const adapter = ADAPTERS[op];
  if (adapter) return adapter.needs.every((name) => typeof API[name] === "function") ? adapter : undefined;
  if (typeof API[camelCase(op)] === "function")
    throw new Error(`golden: ${camelCase(op)} is exported, but test/golden-runner has no adapter of ${op}`);
  return undefined;
}
