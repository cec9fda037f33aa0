import { METHODS } from "../../src/methods";
import type { MethodEntry } from "../../src/methods";
import { describeConformance } from "./conformance";

const entries: readonly [string, MethodEntry][] = Object.entries(METHODS);

// sets to learn from are drawn anew in every step: test/models/learning-to-cluster has the same of that method
describeConformance(
  "every method",
  Object.fromEntries(
    entries.filter(([name]) => name !== "learning-to-cluster").map(([name, { load }]) => [name, load]),
  ),
);
