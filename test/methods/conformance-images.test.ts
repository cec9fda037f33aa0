// The methods that take no rows, in a file of their own: another worker's.
import { loadMethods } from "../../src/methods";
import { describeConformance } from "./conformance";

// sets to learn from are drawn anew in every step: test/models/learning-to-cluster has the same of that method
const methods = (await loadMethods()).filter(({ takes }) => !takes.includes("rows") && takes[0] !== "sets");

describeConformance("every method of images and cubes", methods);
