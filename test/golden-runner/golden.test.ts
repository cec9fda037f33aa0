import { expect, test, describe } from "vitest";
import { describeDevices } from "../devices";
import { adapterOf, missingAdapter } from "./adapters";
import { GoldenFolder } from "./format";
import type { GoldenCase } from "./format";
import { runCase } from "./run-case";
import type { Adapter } from "./adapter";

const folder = new GoldenFolder("test/golden");
const built = folder.cases.flatMap((test): [GoldenCase, Adapter][] => {
  const adapter = adapterOf(test.op);
  return adapter ? [[test, adapter]] : [];
});

describe("golden cases on the host", () => {
  for (const [golden, adapter] of built)
    if (adapter.kind === "host")
      test(golden.name, async () => expect(await runCase(adapter, golden, folder)).toBeUndefined());
});

const add = folder.cases.find(({ op }) => op === "add")!;
const structured = folder.cases.find(({ op }) => op === "npy_read_structured")!;
const entropy = folder.cases.find(({ op }) => op === "clustering_metrics")!;
const other = folder.cases.find(({ op, file }) => op === "sub" && file === add.file)!;

describeDevices("golden cases", (device) => {
  for (const [golden, adapter] of built)
    if (adapter.kind !== "host")
      test(golden.name, async () => expect(await runCase(adapter, golden, folder, await device())).toBeUndefined());

  describe("that are wrong are found", () => {
    const problem = async (golden: GoldenCase): Promise<string | undefined> =>
      runCase(adapterOf(golden.op)!, golden, folder, await device());

    test("in an output", async () => {
      expect(await problem({ ...add, outputs: other.outputs })).toMatch(/^outputs\/y: element \d+ is .*, expected /);
    });
    test("in a gradient", async () => {
      expect(await problem({ ...add, grads: other.grads })).toMatch(/^grads\/[ab]: element \d+ is .*, expected /);
    });
    test("within the tolerance of a tensor, not of the case", async () => {
      const exact = { ...add, grads: {}, rtol: 1, atol: 100, tol: { "outputs/y": [0, 0] as const } };
      expect(await problem({ ...exact, outputs: other.outputs })).toMatch(/rtol 0, atol 0/);
    });
    test("in a shape", async () => {
      const sums = folder.cases.filter(({ op, outputs }) => op === "sum" && Object.keys(outputs).length === 1);
      const scalar = sums.find(({ attrs }) => attrs["axes"] === null && attrs["keepdims"] === false)!;
      const kept = { ...scalar, attrs: { axes: null, keepdims: true } };
      expect(await problem(kept)).toMatch(/^outputs\/y: shape \[1(, 1)*\], expected \[\]$/);
    });
  });
});

describe("the golden runner", () => {
  test("every op that is built has an adapter", () => {
    expect(folder.cases.map(({ op }) => missingAdapter(op)).filter(Boolean)).toEqual([]);
  });

  test("every tensor that the index names is there", () => {
    for (const { inputs, outputs, grads, upstream = {}, ...rest } of folder.cases)
      for (const keys of [inputs, outputs, grads, upstream])
        expect(Object.keys(folder.tensors({ ...rest, inputs, outputs, grads }, keys))).toEqual(Object.keys(keys));
  });

  test("finds a wrong text field and a wrong number of the host's", async () => {
    const strings = { class: ["STAR", "QUASAR"] };
    const problem = await runCase(
      adapterOf(structured.op)!,
      { ...structured, attrs: { ...structured.attrs, strings } },
      folder,
    );
    expect(problem).toBe('class: ["STAR","GALAXY"], expected ["STAR","QUASAR"]');
    const { acc, bbn } = entropy.outputs;
    expect(await runCase(adapterOf(entropy.op)!, { ...entropy, outputs: { acc: bbn!, bbn: acc! } }, folder)).toMatch(
      /^outputs\/acc: element 0/,
    );
  });

  test("a missing output and a key that no file has are errors", async () => {
    const adapter = adapterOf(entropy.op)!;
    const { acc } = entropy.outputs;
    await expect(runCase(adapter, { ...entropy, outputs: { accuracy: acc! } }, folder)).rejects.toThrow(
      /no output accuracy/,
    );
    await expect(runCase(adapter, { ...entropy, outputs: { acc: "elsewhere" } }, folder)).rejects.toThrow(
      /names elsewhere/,
    );
  });
});
