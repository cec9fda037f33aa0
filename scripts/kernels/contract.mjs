// The kernel contract: a .wgsl file declares a kernel for both devices. This module reads the declaration and lints it.
import { WgslReflect } from "wgsl_reflect/wgsl_reflect.module.js";

/**
 * What wgsl_reflect finds in a kernel. A workgroup size is a number, or the name of the override that sets it.
 * @typedef {{
 *   readonly name: string,
 *   readonly code: string,
 *   readonly bindings: readonly { readonly name: string, readonly access: "read" | "read_write" }[],
 *   readonly params: readonly { readonly name: string, readonly type: "u32" | "i32" | "f32" }[],
 *   readonly workgroupSize: readonly (number | string)[],
 *   readonly overrides: Readonly<Record<string, number>>,
 * }} Reflected
 */

/**
 * Constructs that one of the two shader compilers, or one of the adapters, gets wrong: [pattern, rule, why and what to do].
 * @type {readonly (readonly [RegExp, string, string])[]}
 */
const FORBIDDEN = [
  [/&\s*\w+\s*[.[]/, "a pointer to a member or an element", "naga ends the process on it; copy to a variable and back"],
  [
    /:\s*ptr<\s*(storage|workgroup)/,
    "a storage or workgroup pointer parameter",
    "naga rejects it; index the module variable",
  ],
  [/\benable\s+subgroups\b|\bsubgroup\w+\s*\(/, "subgroups", "Deno does not offer them; reduce in workgroup memory"],
  [/\.[xyzwrgba]{2,4}\s*=[^=]/, "an assignment to a swizzle", "naga rejects it; assign the components"],
  [/\b(\w+)\s*!=\s*\1\b/, "x != x as a test for NaN", "false for NaN on some adapters; test the bits"],
  [
    /#(ifdef|if|define|include)\b|\{\{|\$\{/,
    "text substitution",
    "a .wgsl file is valid as it stands; use a param or an override",
  ],
  [
    /@workgroup_size\([^)]*[*+/-]/,
    "an expression in @workgroup_size",
    "the reflector cannot read it; give it an override of its own",
  ],
  [
    /\bcase\s+\d|\bparams\.(op|mode|activation|weighting)\s*[=!<>]=?\s*\d/,
    "a code as a number",
    "declare `const NAME = 0u;`, which launches and twins import from the shader",
  ],
];

/**
 * Reads and lints one kernel.
 * @param {string} name file stem
 * @param {string} code WGSL text
 * @param {string} path what problems call the file
 * @returns {{ declaration: Reflected | null, problems: string[] }} problems are `file:line: rule, why and how to fix`
 */
export function declare(name, code, path = `kernels/${name}.wgsl`) {
  const problems = [];
  const lines = code.split("\n");
  const report = (line, rule, why) => problems.push(`${path}:${line}: ${rule}; ${why}`);
  lines.forEach((text, i) => {
    const bare = text.replace(/\/\/.*$/, "");
    for (const [pattern, rule, why] of FORBIDDEN) if (pattern.test(bare)) report(i + 1, rule, why);
  });
  if (!/^\/\/ \S/.test(lines[0] ?? "")) report(1, "no first-line comment", "start with the formula and the shapes");
  if (!/^[a-z][a-z0-9_]*$/.test(name)) report(1, `file name ${name}`, "kernels are named in snake_case");

  let reflect;
  try {
    reflect = new WgslReflect(code);
  } catch (error) {
    report(error?.line ?? 1, "does not parse", String(error?.message ?? error));
    return { declaration: null, problems };
  }
  const entries = [...reflect.entry.compute, ...reflect.entry.vertex, ...reflect.entry.fragment];
  const main = reflect.entry.compute[0];
  if (entries.length !== 1 || main?.name !== "main")
    report(1, "not exactly one compute entry point `main`", "the device launches `main`");

  const uniform = reflect.uniforms[0];
  if (
    reflect.uniforms.length !== 1 ||
    uniform.name !== "params" ||
    uniform.binding !== 0 ||
    uniform.type.name !== "Params"
  )
    report(1, "binding 0 is not `var<uniform> params: Params`", "sizes, strides and modes go there");
  const params = (uniform?.type.members ?? []).map((member) => ({ name: member.name, type: member.type.name }));
  for (const param of params)
    if (!["u32", "i32", "f32"].includes(param.type))
      report(1, `param ${param.name}: ${param.type}`, "params are u32, i32 or f32");

  const overridden = new Set(Array.from(code.matchAll(/^override\s+(\w+)/gm), ([, own]) => own));
  for (const param of params)
    if (overridden.has(param.name))
      report(
        1,
        `param ${param.name} has the name of an override`,
        "which published shaders have the value of in its place",
      );

  const storage = [...reflect.storage].sort((a, b) => a.binding - b.binding);
  storage.forEach((variable, i) => {
    if (variable.group !== 0)
      report(1, `${variable.name} is in group ${variable.group}`, "all bindings are in group 0");
    if (variable.binding !== i + 1)
      report(
        1,
        `${variable.name} has binding ${variable.binding}`,
        `expected ${i + 1}: bindings are numbered without gaps`,
      );
    const next = storage[i + 1];
    if (next && variable.access !== "read" && next.access === "read")
      report(1, `output ${variable.name} comes before input ${next.name}`, "inputs first, outputs last");
  });
  if (!storage.some((variable) => variable.access === "read_write"))
    report(1, "no output", "an output is `var<storage, read_write>`");

  const bindings = storage.map((variable) => ({
    name: variable.name,
    access: /** @type {"read" | "read_write"} */ (variable.access === "read" ? "read" : "read_write"),
  }));
  const workgroupSize = (main?.attributes ?? [])
    .filter((attribute) => attribute.name === "workgroup_size")
    .flatMap((attribute) => attribute.value)
    .map((size) => (/^\d/.test(size) ? Number.parseInt(size, 10) : size));
  const overrides = Object.fromEntries(
    [...code.matchAll(/^override\s+(\w+)\s*:\s*\w+\s*=\s*([\d.]+)u?;/gm)].map((match) => [match[1], Number(match[2])]),
  );
  return { declaration: { name, code, bindings, params, workgroupSize, overrides }, problems };
}

/**
 * The workgroup's size in numbers: those of the overrides' defaults.
 * @param {Reflected} declaration
 * @returns {number[]}
 */
export const sizeOf = ({ workgroupSize, overrides }) =>
  [0, 1, 2].map((i) => {
    const given = workgroupSize[i] ?? 1;
    return typeof given === "number" ? given : overrides[given];
  });
