import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { main } from "assemblyscript/asc";
import { beforeAll, describe, expect, test } from "vitest";

const FUNCTIONS = ["exp", "log", "tanh", "sigmoid", "softplus", "sin", "cos"] as const;
type Name = (typeof FUNCTIONS)[number];

/** A module that applies each function of wasm/base/math.ts to an array, in fours and one by one. */
const source = `
  import { ${FUNCTIONS.map((name) => `${name}4, ${name}f`).join(", ")} } from "./base/math";
  ${FUNCTIONS.map(
    (name) => `
      export function ${name}_vector(x: usize, y: usize, n: i32): void {
        for (let i = 0; i < n; i += 4) v128.store(y + (i << 2), ${name}4(v128.load(x + (i << 2))));
      }
      export function ${name}_scalar(x: usize, y: usize, n: i32): void {
        for (let i = 0; i < n; i++) f32.store(y + (i << 2), ${name}f(f32.load(x + (i << 2))));
      }`,
  ).join("")}`;

const log1p = Math.log1p;
const REFERENCE: Record<Name, (x: number) => number> = {
  exp: Math.exp,
  log: Math.log,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.max(x, 0) + log1p(Math.exp(-Math.abs(x))),
  sin: Math.sin,
  cos: Math.cos,
};

let apply: (name: Name, form: "vector" | "scalar", x: Float32Array) => Float32Array;

beforeAll(async () => {
  const entry = "wasm/sweep.ts";
  let wasm = new Uint8Array();
  const options = ["--runtime", "stub", "-O3", "--enable", "simd", "--initialMemory", "64", "--use", "abort="];
  const { error, stderr } = await main([entry, "--outFile", "sweep.wasm", ...options], {
    readFile: (name, folder) => {
      const path = join(folder, name);
      if (name === entry) return source;
      return name !== "asconfig.json" && existsSync(path) ? readFileSync(path, "utf8") : null; // its options are for the devices
    },
    writeFile: (_name, contents) => void (wasm = contents as Uint8Array<ArrayBuffer>),
    listFiles: () => [],
  });
  if (error) throw new Error(stderr.toString());
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm));
  const memory = exports["memory"] as WebAssembly.Memory;
  apply = (name, form, x) => {
    const input = 65536;
    const output = input + ((x.byteLength + 63) & ~63);
    new Float32Array(memory.buffer, input, x.length).set(x);
    (exports[`${name}_${form}`] as (x: number, y: number, n: number) => void)(input, output, x.length);
    return new Float32Array(memory.buffer.slice(output, output + x.byteLength));
  };
});

/** Spacing of float32 numbers at |x|. */
function ulp(x: number): number {
  return 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), -126) - 23);
}

/** 60,000 numbers: evenly over [low, high], and by powers of two towards 0. */
function samples(low: number, high: number): Float32Array {
  const even = Array.from({ length: 40000 }, (_, i) => low + ((high - low) * i) / 39999);
  const small = Array.from({ length: 20000 }, (_, i) => (i % 2 ? 1 : -1) * 2 ** (2 - i / 160));
  return Float32Array.from([...even, ...small.map((x) => (low >= 0 ? Math.abs(x) : x))]);
}

const RANGES: [Name, number, number, number][] = [
  ["exp", -87.3, 88.7, 1.1],
  ["log", 1e-30, 1e30, 1.1],
  ["log", 0.5, 2, 1.1],
  ["tanh", -10, 10, 2],
  ["sigmoid", -87, 40, 2.5],
  ["softplus", -87, 100, 2.5],
  ["sin", -1.6, 1.6, 2],
  ["cos", -1, 1, 2],
];

describe("elementary functions of the wasm device", () => {
  test.each(RANGES)("%s over [%f, %f] errs by less than %f units in the last place", (name, low, high, limit) => {
    const x = samples(low, high);
    const y = apply(name, "vector", x);
    let worst = 0;
    let at = 0;
    x.forEach((value, i) => {
      const want = REFERENCE[name](value);
      const error = Math.abs(y[i]! - want) / ulp(want);
      if (!(error <= worst)) [worst, at] = [error, value];
    });
    expect(worst, `worst at ${at}`).toBeLessThan(limit);
  });

  test.each(["sin", "cos"] as const)("%s errs by less than 1.5e-7 below 1,000", (name) => {
    const x = samples(-1000, 1000);
    const y = apply(name, "vector", x);
    const worst = x.reduce((most, value, i) => Math.max(most, Math.abs(y[i]! - REFERENCE[name](value))), 0);
    expect(worst).toBeLessThan(1.5e-7);
  });

  test.each(FUNCTIONS)("%s: the scalar form gives the bits of the vector form", (name) => {
    const x = samples(name === "log" ? 0 : -120, 120);
    expect(new Uint32Array(apply(name, "scalar", x).buffer)).toEqual(new Uint32Array(apply(name, "vector", x).buffer));
  });

  const largest = 3.4028234663852886e38;
  const LIMITS: [Name, number, number][] = [
    ["exp", 0, 1],
    ["exp", 89, Infinity],
    ["exp", largest, Infinity],
    ["exp", Infinity, Infinity],
    ["exp", -104, 0],
    ["exp", -largest, 0],
    ["exp", -Infinity, 0],
    ["exp", NaN, NaN],
    ["log", 1, 0],
    ["log", 0, -Infinity],
    ["log", -1, NaN],
    ["log", -Infinity, NaN],
    ["log", Infinity, Infinity],
    ["log", NaN, NaN],
    ["tanh", 0, 0],
    ["tanh", 20, 1],
    ["tanh", -largest, -1],
    ["tanh", Infinity, 1],
    ["tanh", NaN, NaN],
    ["sigmoid", 0, 0.5],
    ["sigmoid", -largest, 0],
    ["sigmoid", largest, 1],
    ["sigmoid", -Infinity, 0],
    ["sigmoid", NaN, NaN],
    ["softplus", -largest, 0],
    ["softplus", largest, largest],
    ["softplus", -Infinity, 0],
    ["softplus", Infinity, Infinity],
    ["softplus", NaN, NaN],
  ];
  test.each(LIMITS)("%s(%f) is %f", (name, x, want) => {
    expect(apply(name, "vector", Float32Array.of(x, x, x, x))[0]).toBe(want);
  });

  test("-0 is 0 to exp and keeps its sign in tanh", () => {
    const x = Float32Array.of(-0, -0, -0, -0);
    expect(apply("exp", "vector", x)[0]).toBe(1);
    expect(apply("tanh", "vector", x)[0]).toBe(-0);
  });

  test("exp and log keep to the denormals", () => {
    const x = Float32Array.of(-88, -95, -100, -103);
    apply("exp", "vector", x).forEach((y, i) => expect(Math.abs(y - Math.exp(x[i]!))).toBeLessThanOrEqual(2 ** -149));
    const tiny = Float32Array.of(2 ** -149, 2 ** -140, 2 ** -127, 1.1754943508222875e-38);
    apply("log", "vector", tiny).forEach((y, i) => expect(y).toBeCloseTo(Math.log(tiny[i]!), 4));
  });
});
