// Shaders as they are published.
import { codesOf } from "./codes.mjs";

const TOKEN = /\s+|\w+|./gsu;

/** Words the language keeps for itself, as far as they could be the beginning of a name. */
const RESERVED = [
  ..."as do fn if of for get let mod mut new nil pub ref set std try use var".split(" "),
  ..."auto case cast else enum from goto impl loop meta move null pass priv self this true type with".split(" "),
];

/** Declarations of what is a shader's own: variables, constants, functions and their parameters, but not storage. */
const DECLARATIONS = [
  /\b(?:let|const|fn)\s+(\w+)/g,
  /\bvar(?:\s*<\s*(?:uniform|workgroup|private)\s*>)?\s+(\w+)/g,
  /[(,]\s*(?:@builtin\s*\(\s*\w+\s*\)\s*)?(\w+)\s*:/g,
];

/** A name, but no member (`.x`) and no attribute (`@x`, `@builtin(x)`). */
const NAME = String.raw`(?<![\w.@]|@builtin\s*\(\s*)[a-zA-Z_]\w*`;
const STRUCT = /\bstruct\b[^}]*\}/g;

const firsts = (code, pattern) => Array.from(code.matchAll(pattern), ([, name]) => name);

/** What a name may become: its beginnings, and itself with a number. */
function* abbreviations(name) {
  for (let length = 1; length <= name.length; length++) yield name.slice(0, length);
  for (let i = 2; ; i++) yield `${name}${i}`;
}

/**
 * New names for what is a shader's own, the most used first: the shortest beginning that is free, so that what is called alike in two
 * shaders mostly stays so, and compresses.
 */
function shortNames(code) {
  const body = code.replace(STRUCT, "");
  const uses = new Map();
  for (const [name] of body.matchAll(new RegExp(NAME, "g"))) uses.set(name, (uses.get(name) ?? 0) + 1);
  const own = new Set(DECLARATIONS.flatMap((pattern) => firsts(body, pattern)));
  const functions = new Set(firsts(body, /\bfn\s+(\w+)/g));
  own.delete("main");
  // a variable that shadows a function of the language, which is called elsewhere
  for (const name of firsts(body, /\b(\w+)\s*\(/g)) if (!functions.has(name)) own.delete(name);
  const taken = new Set([...RESERVED, ...[...uses.keys()].filter((name) => !own.has(name))]);
  const short = new Map();
  for (const name of [...own].sort((a, b) => uses.get(b) - uses.get(a)))
    for (const abbreviation of abbreviations(name)) {
      if (taken.has(abbreviation)) continue;
      taken.add(abbreviation);
      short.set(name, abbreviation);
      break;
    }
  return short;
}

/** Without white space, except where two words or two operators would become one. */
function joinTokens(code) {
  let result = "";
  let space = false;
  for (const [token] of code.matchAll(TOKEN)) {
    if (/^\s/.test(token)) {
      space = true;
      continue;
    }
    const last = result.at(-1) ?? "";
    const words = /\w/.test(last) && /^\w/.test(token);
    const operators = /[-+*/%&|^<>=!]/.test(last) && /^[-+*/%&|^<>=!]/.test(token); // `> =`, `- -1`
    result += space && (words || operators) ? ` ${token}` : token;
    space = false;
  }
  return result;
}

/** Defaults of a shader's overrides, none of which the library sets. */
const overridesOf = (code) =>
  Array.from(code.matchAll(/^override\s+(\w+)\s*:\s*u32\s*=\s*(\d+)u;/gm), ([, name, value]) => ({ name, value }));

/**
 * A shader with numbers in place of the whole numbers that it declares by name.
 * @param {string} code valid WGSL
 */
export function inlineNumbers(code) {
  let text = code;
  for (const { name, value } of [...codesOf(code), ...overridesOf(code)])
    text = text
      .replace(new RegExp(`^(?:const|override)\\s+${name}\\b.*$`, "m"), "")
      .replace(new RegExp(`(?<![\\w.])${name}\\b`, "g"), `${value}u`);
  return text;
}

/**
 * A shader without comments, white space and names of numbers, its own names cut short. What the library sets by name stays: bindings and params.
 * @param {string} code valid WGSL; block comments are not looked for
 */
export function minifyWgsl(code) {
  const text = inlineNumbers(code.replace(/\/\/.*/g, ""));
  const short = shortNames(text);
  const renamed = text.replace(new RegExp(`${STRUCT.source}|${NAME}`, "g"), (word) => short.get(word) ?? word);
  return joinTokens(renamed);
}
