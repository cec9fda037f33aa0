import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { DEC, KMeans, Model, NdArray, PCA, requestDevice, StackedAutoencoder } from "constella";
import { DeepCluster } from "constella/vision";
import type { Device } from "constella";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Rows } from "../../src/lifecycle/rows";
import { WasmDevice } from "../../src/wasm/device";
import { deviceOf } from "../devices";
import { MODELS, x } from "./models";

test("every model that an entry of the package has is tried here, and its checkpoint changed by the fuzzing", async () => {
  const places = readdirSync("src").map((name) => join("src", name, "index.ts"));
  const entries = ["src/index.ts", ...places.filter((place) => existsSync(place))];
  const modules = await Promise.all(
    entries.map((entry) => import(resolve(entry)) as Promise<Readonly<Record<string, unknown>>>),
  );
  const models = new Set<unknown>();
  for (const module of modules)
    for (const value of Object.values(module))
      if (typeof value === "function" && value.prototype instanceof Model && Object.hasOwn(value, "load"))
        models.add(value.name);
  expect(models.size).toBeGreaterThan(20);
  expect([...models].filter((name) => !Object.hasOwn(MODELS, name as string))).toEqual([]);
});

describe.each(Object.entries(MODELS))("%s", (_, { make, load, fit, ask }) => {
  const device = (): Promise<Device> => deviceOf("wasm");

  test("before fit and after dispose() it says so", async () => {
    const model = make(await device());
    await expect(ask(model)).rejects.toThrow(/^\w+\.\w+: call fit first$/);
    await expect(model.save()).rejects.toThrow(/^\w+\.save: call fit first$/);
    await fit(model);
    model.dispose();
    model.dispose();
    await expect(ask(model)).rejects.toThrow(/^\w+\.\w+: the model was disposed$/);
    await expect(model.save()).rejects.toThrow(/^\w+\.save: the model was disposed$/);
    await expect(fit(model)).rejects.toThrow(/^\w+\.fit: the model was disposed$/);
  });

  test("one fit at a time, which the other leaves as it is", async () => {
    const [alone, model] = [make(await device()), make(await device())];
    await fit(alone);
    const first = fit(model);
    await expect(fit(model)).rejects.toThrow(/^\w+\.fit: fit is running/);
    await first;
    expect(await ask(model)).toEqual(await ask(alone));
    for (const either of [alone, model]) either.dispose();
  });

  test("fitted again by the same items, it gives the same", async () => {
    const model = make(await device());
    await fit(model);
    const first = [await ask(model), [...model.history]];
    await fit(model);
    expect([await ask(model), [...model.history]]).toEqual(first);
    model.dispose();
  });

  test("stopped at any report, then disposed of, it leaves nothing on the device", async () => {
    const own = await device();
    const before = own.memory().buffers;
    for (const reports of [1, 2, 4, 7]) {
      const model = make(own);
      const stop = new AbortController();
      let seen = 0;
      const onStep = (): void => void (++seen === reports && stop.abort(new Error("stopped")));
      await fit(model, { signal: stop.signal, onStep }).catch((error: Error) => expect(error.message).toBe("stopped"));
      model.dispose();
      expect(own.memory().buffers).toBe(before);
    }
  });

  test("disposed of while it trains, it ends with an error and leaves nothing", async () => {
    const own = await device();
    const before = own.memory().buffers;
    const model = make(own);
    const fitted = fit(model, { onStep: () => model.dispose() });
    const failed = await fitted.then(
      () => undefined,
      (error: Error) => error.message,
    );
    expect(failed ?? "disposed").toMatch(/disposed/); // a fit of a single report has ended by then
    expect(own.memory().buffers).toBe(before);
    await expect(ask(model)).rejects.toThrow("disposed");
  });

  test("saved while it trains, the file is of one moment: it goes on to the same end", async () => {
    const [whole, model] = [make(await device()), make(await device())];
    const saving: Promise<Uint8Array | undefined>[] = [];
    let reports = 0;
    // before the first fit of a method without steps to go on from, there is nothing yet
    const save = (): void => {
      if (++reports <= 3) saving.push(model.save().catch(() => undefined));
    };
    await fit(model, { onStep: save });
    for (let i = 0; i < 3; i++) saving.push(model.save());
    await fit(whole);
    const want = await ask(whole);
    for (const bytes of await Promise.all(saving)) {
      if (!bytes) continue;
      const loaded = await load(bytes, await device());
      await fit(loaded);
      expect(await ask(loaded)).toEqual(want);
      expect(loaded.history).toEqual(whole.history);
      loaded.dispose();
    }
    for (const either of [whole, model]) either.dispose();
  });
});

describe("a device that a model requested itself", () => {
  afterEach(() => void vi.restoreAllMocks());

  test.each([
    ["DEC", () => new DEC({ layers: [8, 3], nClusters: 2, layerEpochs: 0, pretrainEpochs: 1, nInit: 1 })],
    ["KMeans", () => new KMeans({ nClusters: 2 })],
    ["PCA", () => new PCA({ nComponents: 2 })],
  ] as const)("ends with %s.dispose()", async (_, make) => {
    const own = (await requestDevice("wasm", { threads: 0 })) as WasmDevice;
    const destroy = vi.spyOn(own, "destroy");
    const request = vi.spyOn(WasmDevice, "request").mockResolvedValue(own);
    const model = make();
    await (model instanceof DEC ? model.fit(x, { epochs: 1 }) : model.fit(x));
    expect(request).toHaveBeenCalledTimes(1);
    expect(destroy).not.toHaveBeenCalled();
    model.dispose();
    await Promise.resolve();
    await Promise.resolve();
    expect(destroy).toHaveBeenCalledTimes(1);
  });
});

describe("Rows", () => {
  /** Bytes written to a device while `use` runs. */
  async function written(use: (device: Device) => Promise<unknown>): Promise<number> {
    const device = await requestDevice("wasm", { threads: 0 });
    let bytes = 0;
    const write = device.write.bind(device);
    device.write = (buffer, data, offset) => {
      bytes += data.byteLength;
      write(buffer, data, offset);
    };
    await use(device);
    device.destroy();
    return bytes;
  }

  const large = new NdArray(
    Float32Array.from({ length: 3000 * 40 }, (_, i) => Math.sin(i)),
    [3000, 40],
  );

  test("a pass over resident rows uploads nothing, one over others uploads them once", async () => {
    const { mapRows } = await import("../../src/lifecycle/rows");
    const bytes = large.data.byteLength;
    const twice = await written(async (device) => {
      const rows = await Rows.from(device, large, "test");
      const [a, b] = [await mapRows(rows, (batch) => batch), await mapRows(rows, (batch) => batch, 700)];
      expect(a.data).toEqual(large.data);
      expect(b.data).toEqual(large.data);
      rows.dispose();
    });
    expect(twice).toBe(bytes);
    const once = await written(async (device) => {
      const rows = await Rows.from(device, large, "test", { passes: 1 });
      expect((await mapRows(rows, (batch) => batch)).data).toEqual(large.data);
      rows.dispose();
    });
    expect(once).toBe(bytes);
  });

  test("transform of a model uploads its rows once", async () => {
    const layers = [40, 3];
    const bytes = await written(async (device) => {
      const model = new StackedAutoencoder({ layers, layerEpochs: 0, epochs: 0, device });
      await model.fit(new NdArray(large.data.subarray(0, 400), [10, 40]));
      await model.transform(large);
      model.dispose();
    });
    expect(bytes).toBeLessThan(1.1 * large.data.byteLength);
  });
});

describe("options", () => {
  const untyped = (Type: unknown, ...args: unknown[]): (() => unknown) => {
    const Any = Type as new (...args: unknown[]) => unknown;
    return () => new Any(...args);
  };

  test.each([
    [KMeans, { n_clusters: 3 }, "KMeans: unknown option n_clusters, did you mean nClusters?"],
    [KMeans, { nClusters: 3, random_state: 1 }, "KMeans: unknown option random_state, did you mean seed?"],
    [KMeans, { nClusters: 3, maxIterations: 1 }, "KMeans: unknown option maxIterations, did you mean maxIter?"],
    [KMeans, { nClusters: 3, device: 7 }, "KMeans: device must be a device, as requestDevice gives one, got 7"],
    [DEC, { layers: [8, 3] }, "DEC: nClusters is missing"],
    [DEC, { layers: [8, 3], nClusters: 2, sead: 1 }, "DEC: unknown option sead, did you mean seed?"],
    [DeepCluster, undefined, "DeepCluster: network is missing"],
    [DeepCluster, null, "DeepCluster: options must be an object, got null"],
    [DeepCluster, { network: { type: "vgg", sides: 3 }, nClusters: 2 }, "DeepCluster: network must be a function, or"],
  ])("%o %o", (Type, options, message) => {
    expect(untyped(Type, options)).toThrow(message);
  });

  test("of fit, and of load", async () => {
    const model = new KMeans({ nClusters: 2, device: await deviceOf("wasm") });
    const any = model as unknown as { fit(x: unknown, options: unknown): Promise<unknown> };
    await expect(any.fit(x, { sampleWeights: [1] })).rejects.toThrow("KMeans.fit: unknown option sampleWeights");
    await expect(any.fit(x, { onStep: 3 })).rejects.toThrow("KMeans.fit: onStep must be a function, got 3");
    await model.fit(x);
    const load = KMeans.load as unknown as (bytes: unknown, options?: unknown) => Promise<unknown>;
    await expect(load(await model.save(), { devise: 1 })).rejects.toThrow("KMeans.load: unknown option devise");
    await expect(load("model.safetensors")).rejects.toThrow("got a text; read the file that it names first");
    expect(model).toBeInstanceOf(Model);
  });
});
