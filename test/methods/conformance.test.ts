import { loadMethods } from "../../src/methods";
import { describeConformance } from "./conformance";

describeConformance(
  "every method of rows",
  (await loadMethods()).filter(({ takes }) => takes.includes("rows")),
);
