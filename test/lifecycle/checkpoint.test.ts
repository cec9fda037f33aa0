import { readFileSync } from "node:fs";
import { DEC, IDEC, NdArray, StackedAutoencoder } from "constella";
import { LearningToCluster } from "constella/sets";
import { DeepCluster, OnlineDeepCluster, SelfLabeling, Supervised } from "constella/vision";
import type { Device } from "constella";
import { describe, expect, test } from "vitest";
import { readSafetensors } from "../../src/data/formats/safetensors";
import { withMetadata } from "../../src/lifecycle/checkpoint-file";
import { Random } from "../../src/random";
import { deviceOf } from "../devices";
import { edited, MODELS } from "./models";

const file = (name: string): Uint8Array => readFileSync(new URL(`../fixtures/checkpoints/${name}`, import.meta.url));

describe("files written before there were checksums give the same numbers", () => {
  const { tensors } = readSafetensors(file("expected.safetensors"));
  const x = tensors.get("x") as NdArray<Float32Array>;
  const same = (found: { readonly data: ArrayLike<number> } | ArrayLike<number>, name: string): void => {
    const values = "data" in found ? found.data : found;
    const want = tensors.get(name)!.data as Float32Array;
    expect(values).toHaveLength(want.length);
    for (let i = 0; i < want.length; i++) expect(values[i]).toBeCloseTo(want[i]!, 5);
  };
  const old = (name: string): Uint8Array => file(`${name}.safetensors`);
  const on = async (): Promise<{ device: Device }> => ({ device: await deviceOf("wasm") });

  test("DEC, finished and stopped, and IDEC", async () => {
    for (const [name, Type] of [
      ["DEC", DEC],
      ["DEC-stopped", DEC],
      ["IDEC", IDEC],
    ] as const) {
      const model = await Type.load(old(name), await on());
      same(await model.softAssignments(x), `${name}.q`);
      if (name !== "DEC-stopped") same(model.labels, `${name}.labels`);
      await model.fit(x, { epochs: 20 }); // goes on
      model.dispose();
    }
  });

  test("methods on networks", async () => {
    const autoencoder = await StackedAutoencoder.load(old("StackedAutoencoder"), await on());
    same(await autoencoder.transform(x), "StackedAutoencoder.z");
    const deep = await DeepCluster.load(old("DeepCluster"), await on());
    same(await deep.transform(x), "DeepCluster.z");
    same(await deep.predict(x), "DeepCluster.labels");
    const online = await OnlineDeepCluster.load(old("OnlineDeepCluster"), await on());
    same(await online.predict(x), "OnlineDeepCluster.labels");
    const labelling = await SelfLabeling.load(old("SelfLabeling"), await on());
    same(await labelling.predict(x, 1), "SelfLabeling.labels");
    const supervised = await Supervised.load(old("Supervised"), await on());
    same(await supervised.probabilities(x), "Supervised.p");
    for (const model of [autoencoder, deep, online, labelling, supervised]) model.dispose();
  });

  test("LearningToCluster, its weights alone, and the shipped model of points", async () => {
    const set = new NdArray(x.data.subarray(0, 40), [20, 2]);
    const model = await LearningToCluster.load(old("LearningToCluster"), await on());
    same((await model.predict(set)).counts, "LearningToCluster.counts");
    (await LearningToCluster.load(old("LearningToCluster-weights"), await on())).dispose();
    const shipped = readFileSync(new URL("../../examples/points/model/points.safetensors", import.meta.url));
    const points = await LearningToCluster.load(shipped, await on());
    const scaled = new NdArray(x.data.map((v) => v / 3).subarray(0, 80), [40, 2]);
    const found = await points.predict(scaled);
    same(found.counts, "points.counts");
    same(found.assignments[1]!, "points.two");
    for (const either of [model, points]) either.dispose();
  });
});

describe.each(Object.entries(MODELS))("a checkpoint of %s", (_, { make, load, fit, ask }) => {
  const saved = async (): Promise<Uint8Array> => {
    const model = make(await deviceOf("wasm"));
    await fit(model);
    const bytes = await model.save();
    model.dispose();
    return bytes;
  };

  test("with any bit turned is refused", async () => {
    const [bytes, device] = [await saved(), await deviceOf("wasm")];
    const random = new Random(7);
    for (let i = 0; i < 150; i++) {
      const damaged = bytes.slice();
      damaged[random.integer(bytes.length)]! ^= 1 << random.integer(8);
      const error = await load(damaged, device).then(
        () => new Error("loaded"),
        (reason: Error) => reason,
      );
      expect(error.message).toMatch(/^(checkpoint|safetensors): /);
    }
  });

  test("with another state is a model or an error in words, and leaves nothing behind", async () => {
    const [bytes, device] = [await saved(), await deviceOf("wasm")];
    const before = device.memory().buffers;
    const values = [null, [], {}, "text", -1, 1.5, 1e9, true, NaN];
    const places: (readonly string[])[] = [];
    const walk = (value: unknown, path: readonly string[]): void => {
      if (path.length > 0) places.push(path);
      if (typeof value === "object" && value !== null && path.length < 4)
        for (const [name, inner] of Object.entries(value)) walk(inner, [...path, name]);
    };
    edited(bytes, (state) => (walk(state, []), state));
    const random = new Random(3);
    for (let i = 0; i < 60; i++) {
      const path = places[random.integer(places.length)]!;
      const drop = random.uniform() < 0.3;
      const value = values[random.integer(values.length)];
      const changed = edited(bytes, (state) => {
        let at = state;
        for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>;
        if (drop) delete at[path.at(-1)!];
        else at[path.at(-1)!] = value;
        return state;
      });
      try {
        const model = await load(changed, device);
        expect(model.history).toBeInstanceOf(Array);
        model.dispose();
      } catch (error) {
        expect((error as Error).constructor, `${path.join(".")}: ${String(error)}`).toBe(Error);
        expect((error as Error).message).not.toMatch(/undefined|\[object|Cannot/);
      }
    }
    expect(device.memory().buffers).toBe(before);
  });

  test("may have further metadata, and is saved and loaded alike", async () => {
    const [bytes, device] = [await saved(), await deviceOf("wasm")];
    const named = withMetadata(bytes, { run: "of a test" });
    expect(readSafetensors(named).metadata["run"]).toBe("of a test");
    const [a, b] = [await load(bytes, device), await load(named, device)];
    expect(await ask(b)).toEqual(await ask(a));
    expect(Buffer.from(await a.save()).equals(Buffer.from(bytes))).toBe(true);
    for (const either of [a, b]) either.dispose();
  });
});

test("training goes on at another learning rate, and all else stays what it was", async () => {
  const device = await deviceOf("wasm");
  for (const [name, Type] of [
    ["DEC", DEC],
    ["DeepCluster", DeepCluster],
  ] as const) {
    const model = await Type.load(file(`${name}.safetensors`), { device, learningRate: 1e-4 });
    const before = await Type.load(file(`${name}.safetensors`), { device });
    expect(model.settings).toEqual({ ...before.settings, learningRate: 1e-4 });
    await expect(Type.load(file(`${name}.safetensors`), { device, learningRate: -1 })).rejects.toThrow(
      `${name}: learningRate must be positive, got -1`,
    );
    for (const either of [model, before]) either.dispose();
  }
});

test("weights that are not finite are not saved, and a stage that ends with them says so", async () => {
  const device = await deviceOf("wasm");
  const model = MODELS["DeepCluster"]!.make(device) as DeepCluster;
  await MODELS["DeepCluster"]!.fit(model);
  const [weight] = model.network.parameters();
  device.write(weight!.buffer, new Float32Array([NaN]));
  await expect(model.save()).rejects.toThrow(
    /^DeepCluster\.save: network\.layers\.0\.weight holds NaN, after epoch 3 of DeepCluster$/,
  );
  model.dispose();
});
