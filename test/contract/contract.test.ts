import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { declare } from "../../scripts/kernels/contract.mjs";
import { kernelFiles } from "../../scripts/kernels/files.mjs";
import { inlineNumbers, minifyWgsl } from "../../scripts/kernels/wgsl.mjs";
import { kernels } from "./kernels";

/** A kernel's file: of a large shader the program has the declarations alone. */
const textOf = (name: string): string => readFileSync(kernelFiles().get(name)!, "utf8");

const VALID = `// y = 2 x, over n elements
struct Params { n: u32, factor: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
override size: u32 = 64u;
@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < params.n) { y[id.x] = params.factor * x[id.x]; }
}
`;

/** Problems of the valid kernel after one replacement. */
function after(from: string, to: string, name = "twice"): string[] {
  const code = VALID.replace(from, () => to);
  expect(code).not.toBe(VALID);
  return declare(name, code).problems;
}

describe("the kernel contract", () => {
  test("a valid kernel is declared in full", () => {
    expect(declare("twice", VALID)).toEqual({
      problems: [],
      declaration: {
        name: "twice",
        code: VALID,
        bindings: [
          { name: "x", access: "read" },
          { name: "y", access: "read_write" },
        ],
        params: [
          { name: "n", type: "u32" },
          { name: "factor", type: "f32" },
        ],
        workgroupSize: ["size"],
        overrides: { size: 64 },
      },
    });
  });

  const body = "y[id.x] = params.factor * x[id.x];";
  test.each([
    ["a pointer to an element", body, "let p = &y[id.x]; *p = 1.0;", 9, /pointer to a member or an element; .*copy/],
    ["a pointer to a member", body, "var v = vec2f(); let p = &v.x; *p = 1.0;", 9, /pointer to a member/],
    [
      "a storage pointer parameter",
      "@compute",
      "fn f(p: ptr<storage, array<f32>>) {}\n@compute",
      7,
      /storage or workgroup pointer parameter; .*index/,
    ],
    [
      "a workgroup pointer parameter",
      "@compute",
      "fn f(p: ptr<workgroup, f32>) {}\n@compute",
      7,
      /storage or workgroup pointer parameter/,
    ],
    ["subgroups", body, "y[id.x] = subgroupAdd(x[id.x]);", 9, /subgroups; .*reduce in workgroup memory/],
    [
      "a swizzle assignment",
      body,
      "var v = vec3f(); v.xy = vec2f(1.0); y[id.x] = v.x;",
      9,
      /assignment to a swizzle; .*components/,
    ],
    ["x != x", body, "let v = x[id.x]; if (v != v) { y[id.x] = 0.0; }", 9, /x != x as a test for NaN; .*bits/],
    ["#ifdef", body, "#ifdef FAST", 9, /text substitution; .*param or an override/],
    ["a template", body, "y[id.x] = ${factor};", 9, /text substitution/],
    ["braces of a template", body, "y[id.x] = {{factor}};", 9, /text substitution/],
    [
      "an expression in @workgroup_size",
      "@workgroup_size(size)",
      "@workgroup_size(size * 2)",
      7,
      /expression in @workgroup_size; .*override/,
    ],
  ] as const)("%s is reported with file, line, why and what to do", (_, from, to, line, message) => {
    const problems = after(from, to);
    expect(problems.filter((problem) => message.test(problem))).toHaveLength(1);
    expect(problems.find((problem) => message.test(problem))).toMatch(new RegExp(`^kernels/twice\\.wgsl:${line}: `));
  });

  test.each([
    [
      "no comment on the first line",
      "// y = 2 x, over n elements\n",
      "",
      /no first-line comment; start with the formula/,
    ],
    ["another entry point", "fn main", "fn start", /not exactly one compute entry point `main`/],
    [
      "two entry points",
      "@compute",
      "@compute @workgroup_size(1) fn other() {}\n@compute",
      /not exactly one compute entry point/,
    ],
    [
      "a uniform of another name",
      "var<uniform> params",
      "var<uniform> sizes",
      /binding 0 is not `var<uniform> params: Params`/,
    ],
    ["a vector param", "factor: f32", "factor: vec2f", /param factor: vec2f?.*; params are u32, i32 or f32/],
    ["another group", "@group(0) @binding(1)", "@group(1) @binding(1)", /x is in group 1; all bindings are in group 0/],
    ["a gap in the bindings", "@binding(2)", "@binding(3)", /y has binding 3; expected 2/],
    ["no output", "read_write> y", "read> y", /no output; an output is/],
    ["a numbered case", body, "switch params.n { case 1u: {} default: {} }", /code as a number; declare/],
    ["a code compared as a number", body, "if (params.op == 1u) {}", /code as a number; declare/],
    ["text that does not parse", "fn main(", "fn main((", /does not parse; /],
  ] as const)("%s is reported", (_, from, to, message) => {
    expect(after(from, to).filter((problem) => message.test(problem))).toHaveLength(1);
  });

  test("an output before an input is reported", () => {
    const code = VALID.replace("read> x", "read_write> x").replace("read_write> y", "read> y");
    expect(declare("twice", code).problems.join()).toMatch(/output x comes before input y; inputs first, outputs last/);
  });

  test("a param with the name of an override is reported", () => {
    const code = VALID.replace("struct Params {", "override n: u32 = 64u;\nstruct Params {");
    expect(declare("twice", code).problems.join()).toMatch(/param n has the name of an override/);
  });

  test("a name that is not in snake_case is reported", () => {
    expect(declare("Twice", VALID).problems).toEqual([
      "kernels/Twice.wgsl:1: file name Twice; kernels are named in snake_case",
    ]);
  });

  test("several problems are reported at once, comments are left alone", () => {
    const code = VALID.replace(body, `${body} // &x[0], v.xy = 0\n  let a = &x[0]; #ifdef B`);
    const lines = declare("twice", code).problems.map((problem) => problem.split(":")[1]);
    expect(lines.filter((line) => line === "10")).toHaveLength(2);
    expect(lines).not.toContain("9");
  });

  test("what the library reads in its kernels at run time is what the parser finds", () => {
    for (const { name, bindings, params, size } of Object.values(kernels)) {
      const { declaration } = declare(name, textOf(name));
      const { workgroupSize, overrides } = declaration!;
      expect({ name, bindings, params }).toEqual({
        name,
        bindings: declaration!.bindings,
        params: declaration!.params,
      });
      const sizes = [0, 1, 2].map((i) => overrides[workgroupSize[i] ?? ""] ?? workgroupSize[i] ?? 1);
      expect(size, name).toEqual(sizes);
    }
  });

  test("two files of one name are reported, in whatever folders", () => {
    const folder = mkdtempSync(join(tmpdir(), "constella-kernels-"));
    for (const path of ["a/twice.wgsl", "a/thrice.wgsl", "b/twice.wgsl"]) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), VALID);
    }
    expect(() => kernelFiles(folder)).toThrow(
      /^kernel contract:\n .*b.twice\.wgsl:1: second kernel of the name twice, after .*a.twice\.wgsl; .*rename one$/,
    );
    rmSync(join(folder, "b"), { recursive: true });
    expect([...kernelFiles(folder).keys()]).toEqual(["thrice", "twice"]);
    rmSync(folder, { recursive: true });
  });

  test("a constant that two shaders give different values is reported", () => {
    const folder = mkdtempSync(join(tmpdir(), "constella-kernels-"));
    writeFileSync(join(folder, "twice.wgsl"), VALID.replace("override", "const ADD = 0u;\noverride"));
    writeFileSync(join(folder, "thrice.wgsl"), VALID.replace("override", "const ADD = 1u;\noverride"));
    expect(() => kernelFiles(folder)).toThrow(/twice\.wgsl: ADD is 0, and 1 in .*thrice\.wgsl; .* rename one$/);
    rmSync(folder, { recursive: true });
  });

  test("twins and launches name codes, which they import from the shader", () => {
    const sources = ["src", "wasm"].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts") && !file.startsWith("host"))
        .map((file) => join(folder, file)),
    );
    const number = /\bcase \d|\b(?:op|mode|activation|weighting)(?: [=!<>]=?|:) \d/;
    const found = sources.flatMap((file) =>
      readFileSync(file, "utf8")
        .split("\n")
        .flatMap((line, i) =>
          number.test(line) && !/^\s*(?:\/?\*|\/\/)/.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [],
        ),
    );
    expect(found).toEqual([]);
  });

  test("every kernel of the library keeps it", () => {
    const problems = Array.from(
      kernelFiles(),
      ([name, path]) => declare(name, readFileSync(path, "utf8"), path).problems,
    ).flat();
    expect(problems).toEqual([]);
  });
});

const STRUCT = /struct[^}]*\}/g;
const tokens = (code: string): string[] => code.match(/\w+|[^\w\s]/g) ?? [];

describe("shaders as they are published", () => {
  test.each(Object.values(kernels).map(({ name }) => [name, textOf(name)]))(
    "%s: the same but for names, which stay apart",
    (name, code) => {
      const small = minifyWgsl(code);
      const bare = inlineNumbers(code.replace(/\/\/.*/g, ""));
      expect(small.match(STRUCT)!.map(tokens)).toEqual(bare.match(STRUCT)!.map(tokens));
      const [before, after] = [bare, small].map((text) => tokens(text.replace(STRUCT, ""))) as [string[], string[]];
      expect(after.length).toBe(before.length);
      const names = new Map<string, string>();
      before.forEach((word, i) => {
        const isFixed = before[i - 1] === "." || before[i - 1] === "@" || before[i - 2] === "builtin";
        const expected = isFixed ? word : (names.get(word) ?? after[i]!);
        expect(after[i]).toBe(expected);
        if (!isFixed) names.set(word, expected);
      });
      expect(new Set(names.values()).size).toBe(names.size);
      const { bindings } = declare(name, code).declaration!;
      for (const known of ["main", ...bindings.map((binding) => binding.name)]) expect(names.get(known)).toBe(known);
    },
  );

  test("numbers that a shader declares stand where they are named", () => {
    const code =
      "const ADD = 0u; // sum\nconst FAR = 3.5f;\nfn f(op: u32) { switch op { case ADD: {} default: { let ADDED = FAR; } } }";
    expect(inlineNumbers(code)).toBe(
      "\nconst FAR = 3.5f;\nfn f(op: u32) { switch op { case 0u: {} default: { let ADDED = FAR; } } }",
    );
  });

  test("what is called like a function, a member or a builtin value keeps its meaning", () => {
    const code = `// y
struct Params { n: u32, step: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> n: array<f32>;
override size: u32 = 64u;
fn step_of(at: u32, n_at: u32) -> u32 { let step = at; return step + params.step - n_at; }
@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) local_invocation_index: u32, @builtin(workgroup_id) x: vec3u) {
  let length = step_of(x.x, local_invocation_index);
  let size_of = 1 - -1;
  n[length] = step(0.5, f32(size_of));
}`;
    expect(minifyWgsl(code)).toBe(
      "struct Params{n:u32,step:u32}@group(0)@binding(0)var<uniform>p:Params;@group(0)@binding(1)var<storage,read_write>n:array<f32>;" +
        "fn s(a:u32,n_:u32)->u32{let step=a;return step+p.step-n_;}@compute@workgroup_size(64u)" +
        "fn main(@builtin(local_invocation_index)lo:u32,@builtin(workgroup_id)x:vec3u)" +
        "{let l=s(x.x,lo);let si=1- -1;n[l]=step(0.5,f32(si));}",
    );
  });
});
