// What a WebAssembly module says of itself, read from its bytes: engines compile what they describe, and do not tell where constants lie.

const [IMPORTS, EXPORTS, DATA] = [2, 7, 11];
const [FUNCTION, TABLE, MEMORY, GLOBAL] = [0, 1, 2, 3];
const I32_CONST = 0x41;

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte() {
    return this.bytes[this.at++];
  }

  /** An unsigned LEB128 number. */
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  take(length) {
    return this.bytes.subarray(this.at, (this.at += length));
  }

  name() {
    return Buffer.from(this.take(this.number())).toString();
  }

  /** As many things as the number before them says. */
  vector(read) {
    return Array.from({ length: this.number() }, () => read(this));
  }

  limits() {
    if (this.number() & 1) this.number();
    this.number();
  }
}

/** The section of that number, or an empty vector. */
function section(module, wanted) {
  const reader = new Reader(module, 8);
  while (reader.at < module.length) {
    const [id, length] = [reader.byte(), reader.number()];
    if (id === wanted) return new Reader(reader.take(length));
    reader.take(length);
  }
  return new Reader(Uint8Array.of(0));
}

/**
 * What a module imports.
 * @param {Uint8Array} module
 * @returns {{ module: string, name: string }[]}
 */
export const importsOf = (module) =>
  section(module, IMPORTS).vector((reader) => {
    const [from, name, kind] = [reader.name(), reader.name(), reader.byte()];
    if (kind === FUNCTION) reader.number();
    else if (kind === GLOBAL) reader.take(2);
    else {
      if (kind === TABLE) reader.byte();
      else if (kind !== MEMORY) throw new Error(`wasm: import ${from}.${name} is of kind ${kind}`);
      reader.limits();
    }
    return { module: from, name };
  });

/**
 * Names of what a module exports.
 * @param {Uint8Array} module
 * @returns {string[]}
 */
export const exportsOf = (module) =>
  section(module, EXPORTS).vector((reader) => {
    const name = reader.name();
    reader.byte();
    reader.number();
    return name;
  });

/**
 * Where a module's constants lie in memory.
 * @param {Uint8Array} module
 * @returns {{ begin: number, end: number }[]}
 */
export const constantsOf = (module) =>
  section(module, DATA).vector((reader) => {
    if (reader.number() !== 0 || reader.byte() !== I32_CONST) throw new Error("wasm: data without a constant address");
    const begin = reader.number(); // below 2^16 times a few, so that its sign never shows
    reader.byte();
    return { begin, end: begin + reader.take(reader.number()).length };
  });
