// Short names for what the host module exports, in the package as it is published.
import { leb, Reader, sized } from "./fused.mjs";

const EXPORTS = 7;

/** Names of `a_b` form that a module exports, and short ones for them; no property but these exports is called so. */
export function shortNames(module) {
  const names = WebAssembly.Module.exports(new WebAssembly.Module(module)).map(({ name }) => name);
  return Object.fromEntries(names.filter((name) => name.includes("_")).map((name, i) => [name, (i + 10).toString(36)]));
}

/**
 * The module with its exports called by other names.
 * @param {Uint8Array} module
 * @param {Record<string, string>} names new names by old
 */
export function renameExports(module, names) {
  const reader = new Reader(module, 8);
  const out = [...module.subarray(0, 8)];
  while (reader.at < module.length) {
    const id = reader.take(1)[0];
    const section = reader.take(reader.number());
    out.push(id, ...sized(id === EXPORTS ? renamed(new Reader(section), names) : section));
  }
  return Uint8Array.from(out);
}

function renamed(section, names) {
  const entries = section.vector(() => {
    const name = Buffer.from(section.take(section.number())).toString();
    const [kind, index] = [section.take(1)[0], section.number()];
    return [...sized(Buffer.from(names[name] ?? name)), kind, ...leb(index)];
  });
  return [...leb(entries.length), ...entries.flat()];
}
