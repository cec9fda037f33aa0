import { indices, tensor, tidy } from "constella";
import type { Device, Tensor } from "constella";
import { makeInputs } from "./check-case";
import type { OpCase } from "./cases";
import { array, sizeOf } from "./cases/reference";
import type { Reference } from "./cases/reference";

/** What each op is given besides ordinary numbers: where, of `length` places, and which number, as float32 has it. */
interface Special {
  readonly name: string;
  readonly value: number;
  readonly places: (length: number) => readonly number[];
}

/** Smaller than any normal float32; a device may take it for 0. */
const DENORMAL = Math.fround(1e-40);

/** The six that every op is put through, an input at a time: NaN where a vector, a tail and a reduction's first element see it. */
const SPECIALS: readonly Special[] = [
  { name: "NaN first", value: NaN, places: () => [0] },
  { name: "NaN in the middle", value: NaN, places: (length) => [length >> 1] },
  { name: "NaN last", value: NaN, places: (length) => [length - 1] },
  { name: "Infinity", value: Infinity, places: (length) => [length >> 1] },
  { name: "-Infinity", value: -Infinity, places: (length) => [length >> 1] },
  { name: "denormals", value: DENORMAL, places: (length) => Array.from({ length }, (_, i) => i) },
];

/** Elements up to which a trial is looked at: enough for whole vectors, their tails and more than a workgroup. */
const MAX_ELEMENTS = 1600;

/** The trials of a row that are small enough. */
export const trialsOf = ({ shapes }: OpCase): OpCase["shapes"] =>
  shapes.filter((trial) => trial.reduce((sum, shape) => sum + sizeOf(shape), 0) <= MAX_ELEMENTS);

function put(x: Reference, value: number, places: readonly number[]): Reference {
  const data = x.data.slice();
  for (const place of places) data[place] = value;
  return array(x.shape, data);
}

/**
 * What is wrong with an op's answers where one input holds a special number. NaN must be where the reference has it,
 * and nowhere else (unless the row says that it spreads), and what is finite must agree. With an infinity, what is not finite in
 * the reference must not be finite: float32 overflows before float64, so that NaN, infinities and the largest numbers may change
 * places. A denormal may be taken for 0, so the reference of either will do. All trials are launched before the first answer is read.
 */
export async function checkSpecials(
  device: Device,
  test: OpCase,
  shapes: readonly (readonly number[])[],
): Promise<string[]> {
  const ordinary = makeInputs(test, shapes);
  const launched = ordinary.flatMap((_, input) =>
    test.integers?.[input] === undefined
      ? SPECIALS.map((special) => ({ special, input, ...launch(device, test, ordinary, input, special) }))
      : [],
  );
  const answers = await Promise.all(launched.map(({ y }) => y.data()));
  return launched.flatMap(({ special, input, y, wanted }, i) => {
    const { shape } = y;
    y.dispose();
    const wrong = problem(answers[i]!, shape, wanted(), test, special.value);
    return wrong ? [`${special.name} in input ${input} of ${JSON.stringify(shapes)}: ${wrong}`] : [];
  });
}

/** Launches an op on inputs of which one holds a special number; `wanted` computes the references that will do. */
function launch(
  device: Device,
  test: OpCase,
  ordinary: readonly Reference[],
  input: number,
  { value, places }: Special,
): { readonly y: Tensor; readonly wanted: () => Reference[] } {
  const at = places(ordinary[input]!.data.length);
  const given = (held: number): Reference[] => ordinary.map((x, i) => (i === input ? put(x, held, at) : x));
  const tensors = given(value).map(({ data, shape }, i) =>
    test.integers?.[i] === undefined ? tensor(device, data, shape) : indices(device, data, shape),
  );
  try {
    const y = tidy(() => test.call(...tensors));
    return {
      y,
      wanted: () => [value, ...(value === DENORMAL ? [0] : [])].map((held) => test.reference(...given(held))),
    };
  } finally {
    for (const t of tensors) t.dispose();
  }
}

/** What is wrong with an answer, or undefined. */
function problem(
  got: ArrayLike<number>,
  shape: readonly number[],
  wanted: readonly Reference[],
  test: OpCase,
  value: number,
): string | undefined {
  if (shape.join() !== wanted[0]!.shape.join()) return `shape [${shape}], expected [${wanted[0]!.shape}]`;
  const strict = Number.isNaN(value) && !test.spreads;
  const wrong = Array.from(got).findIndex(
    (v, i) => !wanted.some((want) => agrees(v, want.data[i]!, test, value, strict)),
  );
  return wrong < 0 ? undefined : `element ${wrong} is ${got[wrong]}, expected ${wanted.map((w) => w.data[wrong])}`;
}

function agrees(
  got: number,
  want: number,
  { rtol = 1e-5, atol = 1e-5 }: OpCase,
  given: number,
  strict: boolean,
): boolean {
  if (Number.isNaN(want) && Number.isNaN(given)) return Number.isNaN(got);
  if (!Number.isFinite(want)) return !Number.isFinite(got);
  if (!Number.isFinite(got)) return !strict;
  if (Math.abs(given) === Infinity) return true;
  return Math.abs(got - want) <= atol + rtol * Math.abs(want);
}
