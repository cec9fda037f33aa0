// The codes of a kernel's operations: whole numbers that its shader declares, `const NAME = 3u;`. Launches and twins import them from the
// .wgsl file, so that no number is kept twice.
import { readFileSync } from "node:fs";

/**
 * The whole numbers that a shader declares.
 * @param {string} code WGSL text
 * @returns {readonly { readonly name: string, readonly value: number }[]}
 */
export const codesOf = (code) =>
  Array.from(code.matchAll(/^const\s+([A-Z]\w*)\s*=\s*(\d+)u;/gm), ([, name, value]) => ({
    name,
    value: Number(value),
  }));

/**
 * A name means one number, whatever shader declares it: a kernel and the kernel of its gradient are launched with the same.
 * @param {Iterable<string>} paths of .wgsl files
 * @returns {string[]} `file: rule, why and how to fix`
 */
export function disagreements(paths) {
  const problems = [];
  const known = new Map();
  for (const path of paths)
    for (const { name, value } of codesOf(readFileSync(path, "utf8"))) {
      const first = known.get(name);
      if (first === undefined) known.set(name, { value, path });
      else if (first.value !== value)
        problems.push(
          `${path}: ${name} is ${value}, and ${first.value} in ${first.path}; a name means one number in all shaders, rename one`,
        );
    }
  return problems;
}
