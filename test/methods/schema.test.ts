// What the descriptors say, held against the models that they describe.
import { describe, expect, test } from "vitest";
import {
  defaultsOf,
  kindOf,
  loadMethod,
  loadMethods,
  methodNames,
  METHODS,
  methodOfModel,
  optionsOf,
} from "../../src/methods";
import type { AnyMethod } from "../../src/methods";
import { readSafetensors } from "../../src/data/formats/safetensors";
import { runMethod } from "../../src/methods";
import { clusterCommand, embedCommand } from "../../src/cli/commands/cluster";
import { learnCommand } from "../../src/cli/commands/learn";
import { deviceOf } from "../devices";
import { outdated } from "../documents/method-tables";
import { D, taskOf, trialOf, trialOptions } from "./trial";

/** Items that a method takes: pictures, where it takes nothing else. */
const itemShapeOf = (method: AnyMethod): readonly number[] =>
  method.takes.every((kind) => kind === "images") ? [8, 8] : [D];

/** Options with which a method can be made. */
const enough = (method: AnyMethod): Record<string, unknown> => {
  if (method.takes[0] === "sets") return { itemShape: [2] };
  const itemShape = itemShapeOf(method);
  const suited = itemShape.length > 1 ? method.suit?.({ n: 10, itemShape, bytes: false }, {}) : {};
  return { itemShape, inputShape: [1, 2, D / 2], ...suited, ...trialOptions(method, D) };
};

/** Numbers about the bounds that rules have. */
const NUMBERS = [-1, -0.5, 0, 0.5, 0.999, 1, 1.5, 2];

describe.each(methodNames)("%s", (name) => {
  /** What `make` of the method does with options of its own schema. */
  const made = (method: AnyMethod, options: Record<string, unknown>): unknown => {
    const known = new Set(["nClusters", ...optionsOf(method).map(([option]) => option)]);
    const own = Object.fromEntries(Object.entries(options).filter(([option]) => known.has(option)));
    return method.make(own);
  };

  test("is what the index says", async () => {
    const method = await loadMethod(name);
    expect([method.name, method.title]).toEqual([name, METHODS[name].title]);
    expect(method.summary).not.toMatch(/\.$/);
    for (const [option, { rule, help, ...spec }] of optionsOf(method)) {
      expect(help, option).not.toBe("");
      expect(() => kindOf(rule), option).not.toThrow(); // a text can say it
      if ("default" in spec) expect(rule.holds(spec.default), option).toBe(true);
    }
  });

  test("its defaults are those of the model", async () => {
    const method = await loadMethod(name);
    const given = await minimal(method);
    const { settings } = method.make({ ...given }) as { settings: Record<string, unknown> };
    for (const [option, value] of Object.entries(defaultsOf(method)))
      // options that suit the data have other values for these;
      // flat options that the model keeps in objects or lists of its own are tried by its tests
      if (!(option in given) && option in settings && typeof settings[option] === typeof value)
        expect(settings[option], option).toEqual(value);
  });

  test("the rules of numbers are those of the model", async () => {
    const method = await loadMethod(name);
    if (method.takes[0] === "sets") return; // its flat options become objects of the model
    const { settings } = made(method, enough(method)) as { settings: Record<string, unknown> };
    for (const [option, { rule, of }] of optionsOf(method)) {
      // flat options that the model keeps in objects of its own are looked at when these are used
      if (rule.spelled?.as !== "number" || of === "fit" || typeof settings[option] !== "number") continue;
      for (const value of NUMBERS) {
        const attempt = (): unknown => made(method, { ...enough(method), [option]: value });
        const said = `${option} must be ${rule.words}`;
        if (!rule.holds(value)) expect(attempt, `${option}: ${value}`).toThrow(said);
        else expect(refusal(attempt), `${option}: ${value}`).not.toContain(said);
        const text = String(value);
        expect(kindOf(rule).parse(text), `${option}: ${text}`).toBe(rule.holds(value) ? value : undefined);
      }
    }
  });

  test("its model's name in files leads back to it", async () => {
    const method = await loadMethod(name);
    if (method.takes[0] === "sets") return expect(methodOfModel("LearningToCluster")).toBe(name);
    const { estimator, checkpoint } = await runMethod(method, taskOf(trialOf(method), await deviceOf("wasm")));
    await estimator.dispose();
    expect(methodOfModel(readSafetensors(checkpoint.model!).metadata["model"]!)).toBe(name);
  });
});

/** What a call says when it throws. */
function refusal(call: () => unknown): string {
  try {
    call();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

/** Only what must be given. */
async function minimal(method: AnyMethod): Promise<Record<string, unknown>> {
  const told = method.clusters === "given" ? { nClusters: 3 } : {};
  return { ...method.suit?.({ n: 10, itemShape: itemShapeOf(method), bytes: false }, told), ...told };
}

test("memoryMomentum 1 is legal, and 0 is not, wherever it is asked", async () => {
  const method = await loadMethod("online-deep-cluster");
  const { rule } = new Map(optionsOf(method)).get("memoryMomentum")!;
  const { parse } = kindOf(rule);
  expect([parse("1"), parse("0"), rule.holds(1), rule.holds(0)]).toEqual([1, undefined, true, false]);
  const options = { nClusters: 3, layers: [4, 2], network: "mlp" };
  expect(() => method.make({ ...options, memoryMomentum: 1 } as object)).not.toThrow();
  expect(() => method.make({ ...options, memoryMomentum: 0 } as object)).toThrow(/memoryMomentum/);
});

test("every method has options of its own names, once each", async () => {
  for (const method of await loadMethods()) {
    const names = optionsOf(method).map(([option]) => option);
    expect(new Set(names).size).toBe(names.length);
    for (const option of ["nClusters", "seed", "device"]) expect(names).not.toContain(option);
  }
});

test("the tables of methods in README and guides are those of the descriptors: npm run tables", async () => {
  expect(await outdated()).toEqual([]);
});

test("no option of a method takes a flag that a command has for itself", async () => {
  for (const command of [clusterCommand, embedCommand, learnCommand])
    expect((await command(() => undefined)).options.length).toBeGreaterThan(0); // a flag given twice throws
});
