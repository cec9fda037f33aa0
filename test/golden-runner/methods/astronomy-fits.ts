import { FitsFile, writeFits } from "../../../src/astronomy";
import type { CardLike, FitsImage, FitsValue, HduChoice } from "../../../src/astronomy";
import { NdArray } from "../../../src/ndarray";
import type { TypedArray } from "../../../src/ndarray";
import { onHost } from "../adapter";
import type { Adapters, Context } from "../adapter";
import type { Values } from "../format";

interface FileAttributes {
  readonly path: string;
  readonly hdu?: number;
  readonly shape?: readonly number[];
  readonly header?: Readonly<Record<string, FitsValue>>;
  readonly bitpix?: number;
}

function check(what: string, got: unknown, want: unknown): void {
  const text = (value: unknown): string =>
    JSON.stringify(value, (_, v: unknown) => (typeof v === "bigint" ? `${v}n` : v)) ?? "undefined";
  if (text(got) !== text(want)) throw new Error(`${what} is ${text(got)}, expected ${text(want)}`);
}

const same = (a: number, b: number): boolean => Object.is(a, b) || a === b;

/** A box read by itself must be what the whole has there, and float32 the rounded float64. */
async function checkRegions(image: FitsImage, whole: NdArray<Float64Array>): Promise<void> {
  const { shape } = image;
  const start = shape.map((size) => Math.min(1, size - 1));
  const stop = shape.map((size, axis) => Math.max(start[axis]! + 1, size - 1));
  for (const region of [
    { start, stop },
    { start: shape.map(() => 0), stop: shape },
  ]) {
    const part = await image.read({ region, type: "float32" });
    const strides = whole.stride;
    for (let i = 0; i < part.size; i++) {
      let at = 0;
      for (let axis = shape.length - 1, rest = i; axis >= 0; axis--) {
        at += (region.start[axis]! + (rest % part.shape[axis]!)) * strides[axis]!;
        rest = Math.floor(rest / part.shape[axis]!);
      }
      if (!same(part.data[i]!, Math.fround(whole.data[at]!)))
        throw new Error(`region [${region.start.join()}] to [${region.stop.join()}]: element ${i} is ${part.data[i]}`);
    }
  }
}

async function readImage(file: FitsFile, choice: HduChoice, attrs: FileAttributes): Promise<{ data: Values }> {
  const image = file.image(choice);
  if (attrs.shape) check("shape", image.shape, attrs.shape);
  if (attrs.bitpix !== undefined) check("bitpix", image.bitpix, attrs.bitpix);
  for (const [key, value] of Object.entries(attrs.header ?? {})) check(key, image.header.get(key), value);
  const data = await image.read();
  await checkRegions(image, data);
  return { data };
}

const open = (folder: Context["folder"], path: string): Promise<FitsFile> => FitsFile.open(folder.read(path));

const image = onHost<object, FileAttributes>(async (_, attrs, { folder }) =>
  readImage(await open(folder, attrs.path), attrs.hdu ?? 0, attrs),
);

/** What must throw one line that begins with the format's name. */
async function refused(action: () => unknown): Promise<object> {
  const error = await Promise.resolve()
    .then(action)
    .then(
      () => "no error",
      (reason: unknown) => (reason instanceof Error ? reason.message : String(reason)),
    );
  if (!/^fits: [^\n]+$/.test(error)) throw new Error(`expected an error "fits: …", got: ${error}`);
  return {};
}

const refuse = onHost<object, FileAttributes>(
  async (_, { path, hdu }, { folder }) =>
    refused(async () => (await open(folder, path)).image(hdu ?? 0).read()) as Promise<Record<string, never>>,
);

interface WriteAttributes {
  readonly bitpix?: number;
  readonly bzero?: number;
  readonly cards: readonly (readonly [string, FitsValue, string])[];
  readonly mandatory?: readonly string[];
  readonly fixed?: Readonly<Record<string, string>>;
}

const ARRAYS: Readonly<Record<string, { from(values: ArrayLike<number>): TypedArray }>> = {
  "8": Uint8Array,
  "8 -128": Int8Array,
  "16": Int16Array,
  "16 32768": Uint16Array,
  "32": Int32Array,
  "32 2147483648": Uint32Array,
  "-32": Float32Array,
  "-64": Float64Array,
};

/** The image to write in the type that the file is to have. */
function typed({ data, shape }: Values, { bitpix, bzero }: WriteAttributes): Values {
  if (bitpix === undefined) return new NdArray(data, shape);
  if (bitpix === 64) {
    const values = Array.from(data as ArrayLike<number | bigint>, BigInt);
    return new NdArray<TypedArray>(bzero ? BigUint64Array.from(values) : BigInt64Array.from(values), shape);
  }
  const Type = ARRAYS[bzero ? `${bitpix} ${bzero}` : `${bitpix}`]!;
  return new NdArray(Type.from(data as ArrayLike<number>), shape);
}

const asCards = (cards: WriteAttributes["cards"]): CardLike[] => cards.map((card) => [...card] as CardLike);

export const ASTRONOMY_FITS: Adapters = {
  fits_read_image: image,
  fits_read_gz: image,
  fits_read_compressed: image,
  fits_read_scaled_cube: image,
  fits_read_extname: onHost<object, FileAttributes & { extname: string; extver: number | null }>(
    async (_, attrs, { folder }) => {
      const { extname: name, extver } = attrs;
      const choice = extver === null ? { name } : { name, version: extver };
      return readImage(await open(folder, attrs.path), choice, attrs);
    },
  ),
  fits_read_int64: onHost<object, { path: string; hdu: number; values: string[] }>(
    async (_, { path, hdu, values }, { folder }) => {
      const image = (await open(folder, path)).image(hdu);
      const integers = await image.integers();
      check("values", Array.from(integers.data, String), values);
      const { data, shape } = await image.stored();
      return { raw: { data, shape } };
    },
  ),
  fits_read_table: onHost<
    object,
    {
      path: string;
      hdu: number;
      extname?: string;
      rows: number;
      columns: string[];
      formats: string[];
      units?: Record<string, string>;
    }
  >(async (_, attrs, { folder }) => {
    const table = (await open(folder, attrs.path)).table(attrs.hdu);
    check("rows", table.length, attrs.rows);
    if (attrs.extname !== undefined) check("name", table.name, attrs.extname);
    const { columns } = table;
    check(
      "columns",
      columns.map(({ name }) => name),
      attrs.columns,
    );
    check(
      "formats",
      columns.map(({ format }) => format),
      attrs.formats,
    );
    for (const [name, unit] of Object.entries(attrs.units ?? {}))
      check(`unit of ${name}`, columns.find((column) => column.name === name)?.unit, unit);
    return Object.fromEntries(
      await Promise.all(columns.map(async ({ name }) => [name, await table.read(name)] as const)),
    );
  }),
  fits_header: onHost<
    object,
    {
      path: string;
      hdu: number;
      values: Record<string, FitsValue>;
      comments?: Record<string, string>;
      history?: string[];
      commentary?: string[];
      bigints?: Record<string, string>;
    }
  >(async (_, attrs, { folder }) => {
    const { header } = (await open(folder, attrs.path)).hdu(attrs.hdu);
    for (const [key, value] of Object.entries(attrs.values)) check(key, header.get(key), value);
    for (const [key, comment] of Object.entries(attrs.comments ?? {}))
      check(`comment of ${key}`, header.comment(key), comment);
    for (const [key, value] of Object.entries(attrs.bigints ?? {})) check(key, String(header.get(key)), value);
    if (attrs.history) check("history", header.history, attrs.history);
    if (attrs.commentary)
      check(
        "commentary",
        header.comments.map((line) => line.trim()),
        attrs.commentary,
      );
    return {};
  }),
  fits_write_image: onHost<{ data: Values }, WriteAttributes>(async ({ data }, attrs) => {
    const { mandatory = [], fixed = {} } = attrs;
    const file = writeFits(typed(data, attrs), { cards: asCards(attrs.cards) });
    check("bytes past the last block", file.length % 2880, 0);
    const { hdus } = await FitsFile.open(file);
    const { begin, header } = hdus[0]!;
    const text = String.fromCharCode(...file.subarray(0, begin));
    const lines = Array.from({ length: begin / 80 }, (_, i) => text.slice(80 * i, 80 * (i + 1)));
    check(
      "first cards",
      lines.slice(0, mandatory.length).map((line) => line.slice(0, 30)),
      mandatory,
    );
    for (const [key, start] of Object.entries(fixed)) {
      const found = lines.find((line) => line.slice(0, 8).trim() === key) ?? "";
      check(`card of ${key}`, found.slice(0, start.length), start);
    }
    check("what follows END", text.slice(text.lastIndexOf("END     ")).trimEnd(), "END");
    for (const [key, value] of attrs.cards) check(key, header.get(key), value);
    return { data_unit: file.subarray(begin) };
  }),
  fits_write_error: onHost<{ data: Values }, WriteAttributes>(
    ({ data }, attrs) =>
      refused(() => writeFits(typed(data, attrs), { cards: asCards(attrs.cards) })) as Promise<Record<string, never>>,
  ),
  fits_read_error: refuse,
  fits_read_error_astro: refuse,
};
