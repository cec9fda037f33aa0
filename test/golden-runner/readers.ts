import { isTextArray, NpyFile, readNpy, readNpyRecords } from "../../src/data/formats/npy/npy";
import { NdArray } from "../../src/ndarray";
import { onHost } from "./adapter";
import type { Adapters } from "./adapter";

interface NpyAttributes {
  readonly path: string;
  readonly shape: readonly number[];
  readonly names?: readonly string[];
}

function check(what: string, got: readonly unknown[], want: readonly unknown[]): void {
  if (got.join() !== want.join()) throw new Error(`${what} [${got.join(", ")}], expected [${want.join(", ")}]`);
}

/** The same file read row by row must give the same bytes. */
async function checkLazily(content: Uint8Array<ArrayBuffer>, whole: ReturnType<typeof readNpy>): Promise<void> {
  const lazy = await NpyFile.open(content);
  const parts = await Promise.all(Array.from({ length: lazy.rows }, (_, i) => lazy.slice(i, i + 1)));
  const values = parts.flatMap(({ data }) => Array.from(data as ArrayLike<number | bigint>));
  const want = Array.from(whole.data as ArrayLike<number | bigint>);
  const off = want.findIndex((value, i) => !Object.is(values[i], value));
  if (values.length !== want.length || off >= 0)
    throw new Error(`read by rows, element ${off} is ${values[off]}, read whole ${want[off]}`);
}

/** A reader that must refuse the file with one line that names the format, read whole or by rows. */
const refuse = onHost<object, NpyAttributes>(async (_inputs, { path }, { folder }) => {
  const content = folder.read(path);
  const readers: (() => unknown)[] = [() => readNpy(content), () => NpyFile.open(content)];
  for (const read of readers) {
    const error = await Promise.resolve()
      .then(read)
      .then(
        () => "no error",
        (reason: unknown) => (reason instanceof Error ? reason.message : String(reason)),
      );
    if (!/^npy: [^\n]+$/.test(error)) throw new Error(`expected an error "npy: …", got: ${error}`);
  }
  return {};
});

export const READERS: Adapters = {
  npy_read: onHost<object, NpyAttributes>(async (_inputs, { path, shape }, { folder }) => {
    const data = readNpy(folder.read(path));
    check("shape", data.shape, shape);
    if (shape.length > 0) await checkLazily(folder.read(path), data);
    return { data };
  }),
  npy_read_structured: onHost<object, NpyAttributes>((_inputs, { path, shape, names = [] }, { folder }) => {
    const records = readNpyRecords(folder.read(path));
    check("shape", records.shape, shape);
    check("fields", [...records.fields.keys()], names);
    return Object.fromEntries(
      [...records.fields].map(([name, field]) => [
        name,
        isTextArray(field) ? field : new NdArray(field.data, field.shape),
      ]),
    );
  }),
  npy_read_error: refuse,
};
