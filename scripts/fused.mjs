// One module for engines with and without relaxed SIMD: each fused multiply-add gets room to become a multiplication and an addition.

const [TYPES, FUNCTIONS, CODE] = [1, 3, 10];
const V128 = 0x7b;
const [NOP, LOCAL_GET, LOCAL_SET] = [0x01, 0x20, 0x21];
const RELAXED_MADD = [0xfd, 0x85, 0x02];
const MUL = [0xfd, 0xe6, 0x01];
const ADD = [0xfd, 0xe4, 0x01];

/** Reads and skips what WebAssembly's binary format is made of. */
export class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** An unsigned LEB128 number. */
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  take(length) {
    return this.bytes.subarray(this.at, (this.at += length));
  }

  /** As many things as the number before them says. */
  vector(read) {
    return Array.from({ length: this.number() }, () => read(this));
  }
}

export function leb(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value & 127) | 128);
  return [...bytes, value];
}

export const sized = (bytes) => [...leb(bytes.length), ...bytes];

/** The body of a function with `parameters` that keeps the addend in a local between `multiply`, or room for it, and `add`. */
function rewrite(body, parameters, multiply, add) {
  const reader = new Reader(body);
  const locals = reader.vector(() => [reader.number(), reader.take(1)[0]]);
  const code = body.subarray(reader.at);
  const addend = leb(locals.reduce((sum, [count]) => sum + count, parameters));
  const out = [];
  for (let i = 0; i < code.length; i++) {
    if (RELAXED_MADD.some((byte, j) => code[i + j] !== byte)) {
      out.push(code[i]);
      continue;
    }
    out.push(LOCAL_SET, ...addend, ...multiply, LOCAL_GET, ...addend, ...add);
    i += RELAXED_MADD.length - 1;
  }
  if (out.length === code.length) return body;
  if (locals.at(-1)?.[1] === V128) locals.at(-1)[0]++;
  else locals.push([1, V128]);
  return [...leb(locals.length), ...locals.flatMap(([count, type]) => [...leb(count), type]), ...out];
}

function rewriteModule(module, multiply, add) {
  const reader = new Reader(module, 8);
  const out = [...module.subarray(0, 8)];
  let types = [];
  let functions = [];
  while (reader.at < module.length) {
    const id = reader.take(1)[0];
    const section = reader.take(reader.number());
    const inside = new Reader(section);
    if (id === TYPES)
      types = inside.vector(() => {
        inside.take(1);
        const parameters = inside.take(inside.number()).length;
        inside.take(inside.number());
        return parameters;
      });
    if (id === FUNCTIONS) functions = inside.vector(() => inside.number());
    if (id !== CODE) {
      out.push(id, ...sized(section));
      continue;
    }
    const bodies = inside.vector(() => inside.take(inside.number()));
    const rewritten = bodies.flatMap((body, i) => sized(rewrite(body, types[functions[i]], multiply, add)));
    out.push(id, ...sized([...leb(bodies.length), ...rewritten]));
  }
  return Uint8Array.from(out);
}

/**
 * Two modules of the same length out of one with `f32x4.relaxed_madd`: `a b c madd` becomes `a b c, set t, nop nop nop, get t, madd`, and
 * `a b c, set t, mul, get t, add`. The library embeds the relaxed one, and makes the plain one of it (`unfuse` of src/wasm/engine.ts);
 * compilers see through the local.
 * @param {Uint8Array} module
 */
export function bothForms(module) {
  const relaxed = rewriteModule(module, [NOP, NOP, NOP], RELAXED_MADD);
  const plain = rewriteModule(module, MUL, ADD);
  // bytes that only look like the instruction, say in a constant, would have been torn apart
  if (!WebAssembly.validate(plain))
    throw new Error("bothForms: the plain form is not valid; is each fd 85 02 a relaxed_madd?");
  return { relaxed, plain };
}
