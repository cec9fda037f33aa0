// A tile-compressed FITS file for the bench: RICE_1, one row a tile, 16-bit integers. Source: FITS standard 4.0, section 10.4.1.

/** Numbers of a block of the code. */
const BLOCK = 32;

/** Bits, most significant first. */
class Bits {
  readonly bytes: number[] = [];
  #held = 0;
  #buffer = 0;

  put(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) {
      this.#buffer = (this.#buffer << 1) | ((value >>> bit) & 1);
      if (++this.#held < 8) continue;
      this.bytes.push(this.#buffer);
      this.#held = this.#buffer = 0;
    }
  }

  end(): number[] {
    while (this.#held > 0) this.put(0, 1);
    return this.bytes;
  }
}

function encode(row: Int16Array): number[] {
  const bits = new Bits();
  bits.put(row[0]! & 0xffff, 16);
  let last = row[0]!;
  for (let begin = 0; begin < row.length; begin += BLOCK) {
    const codes: number[] = [];
    for (const value of row.subarray(begin, begin + BLOCK)) {
      const difference = ((value - last) << 16) >> 16;
      codes.push(difference < 0 ? ~(difference << 1) : difference << 1);
      last = value;
    }
    const mean = codes.reduce((sum, code) => sum + code, 0) / codes.length;
    const fs = Math.max(0, Math.min(13, Math.floor(Math.log2(Math.max(1, mean / 2)))));
    bits.put(fs + 1, 4);
    for (const code of codes) {
      for (let i = 0; i < code >>> fs; i++) bits.put(0, 1);
      bits.put(1, 1);
      bits.put(code & ((1 << fs) - 1), fs);
    }
  }
  return bits.end();
}

/** The file of an image [height, width]. */
export function riceFile(image: Int16Array, width: number): Uint8Array {
  const height = image.length / width;
  const rows = Array.from({ length: height }, (_, y) => encode(image.subarray(y * width, (y + 1) * width)));
  const heap = rows.reduce((size, { length }) => size + length, 0);
  const block = (text: readonly string[]): Uint8Array => {
    const cards = [...text, "END"].map((line) => line.padEnd(80)).join("");
    return new TextEncoder().encode(cards.padEnd(Math.ceil(cards.length / 2880) * 2880));
  };
  const card = (key: string, value: string | number): string =>
    `${key.padEnd(8)}= ${typeof value === "number" || value === "T" ? String(value).padStart(20) : `'${value.padEnd(8)}'`}`;
  const primary = block([card("SIMPLE", "T"), card("BITPIX", 8), card("NAXIS", 0), card("EXTEND", "T")]);
  const header = block([
    ...[card("XTENSION", "BINTABLE"), card("BITPIX", 8), card("NAXIS", 2), card("NAXIS1", 8), card("NAXIS2", height)],
    ...[card("PCOUNT", heap), card("GCOUNT", 1), card("TFIELDS", 1), card("TTYPE1", "COMPRESSED_DATA")],
    card("TFORM1", `1PB(${Math.max(...rows.map(({ length }) => length))})`),
    ...[card("ZIMAGE", "T"), card("ZBITPIX", 16), card("ZNAXIS", 2), card("ZNAXIS1", width), card("ZNAXIS2", height)],
    ...[card("ZTILE1", width), card("ZTILE2", 1), card("ZCMPTYPE", "RICE_1")],
    ...[card("ZNAME1", "BLOCKSIZE"), card("ZVAL1", BLOCK), card("ZNAME2", "BYTEPIX"), card("ZVAL2", 2)],
  ]);
  const data = new Uint8Array(Math.ceil((8 * height + heap) / 2880) * 2880);
  const view = new DataView(data.buffer);
  let at = 0;
  for (const [y, row] of rows.entries()) {
    view.setInt32(8 * y, row.length);
    view.setInt32(8 * y + 4, at);
    data.set(row, 8 * height + at);
    at += row.length;
  }
  const file = new Uint8Array(primary.length + header.length + data.length);
  file.set(primary);
  file.set(header, primary.length);
  file.set(data, primary.length + header.length);
  return file;
}
