import * as c from "constella";
import type { Tensor } from "constella";
import type { OpCase } from "./index";
import { array, sizeOf } from "./reference";
import type { Reference } from "./reference";

/** The value at each point of a shape. */
function tabulate(shape: readonly number[], f: (point: number[]) => number): Reference {
  return array(
    shape,
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
      const point = new Array<number>(shape.length);
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        point[axis] = i % shape[axis]!;
        i = Math.floor(i / shape[axis]!);
      }
      return f(point);
    }),
  );
}

function at(x: Reference, point: readonly number[]): number {
  return x.data[point.reduce((offset, i, axis) => offset * x.shape[axis]! + i, 0)]!;
}

const transposeCase = (perm: readonly number[], ...shapes: number[][]): OpCase => ({
  op: "transpose",
  variant: `[${perm}]`,
  call: (x) => c.transpose(x!, perm),
  reference: (x) =>
    tabulate(
      perm.map((axis) => x!.shape[axis]!),
      (point) =>
        at(
          x!,
          perm.map((_, axis) => point[perm.indexOf(axis)]!),
        ),
    ),
  shapes: shapes.map((shape) => [shape]),
});

const concatenated = (axis: number, inputs: Reference[]): Reference => {
  const total = inputs.reduce((sum, x) => sum + x.shape[axis]!, 0);
  return tabulate(
    inputs[0]!.shape.map((size, i) => (i === axis ? total : size)),
    (point) => {
      let i = point[axis]!;
      for (const x of inputs) {
        if (i < x.shape[axis]!) return at(x, point.with(axis, i));
        i -= x.shape[axis]!;
      }
      return NaN;
    },
  );
};

const ROWS = 7;
const OTHERS = [
  [[1, 1], [1]],
  [[ROWS, 3], [11]],
  [[ROWS, 2, 5], [4]],
  [[300, 70], [600]],
] as const;

const limit = (shapes: readonly (readonly number[])[]): number => shapes[0]![0]!;

export const INDEXING: readonly OpCase[] = [
  ...OTHERS.map((shapes): OpCase => ({
    op: "gatherRows",
    call: (x, index) => c.gatherRows(x!, index!),
    reference: (x, index) =>
      tabulate([...index!.shape, ...x!.shape.slice(1)], ([i, ...rest]) => at(x!, [index!.data[i!]!, ...rest])),
    shapes: [shapes],
    integers: { 1: limit(shapes) },
  })),
  ...OTHERS.map((shapes): OpCase => ({
    op: "scatterAddRows",
    call: (base, index, src) => c.scatterAddRows(base!, index!, src!),
    reference: (base, index, src) => {
      const y = array(base!.shape, base!.data);
      const width = sizeOf(base!.shape.slice(1));
      src!.data.forEach((value, i) => (y.data[index!.data[Math.floor(i / width)]! * width + (i % width)]! += value));
      return y;
    },
    shapes: [[shapes[0], shapes[1], [...shapes[1], ...shapes[0].slice(1)]]],
    integers: { 1: limit(shapes) },
  })),
  {
    op: "full",
    call: (x) => c.full(x!.device, x!.shape, 0.1),
    reference: (x) => tabulate(x!.shape, () => Math.fround(0.1)),
    shapes: [[[1]], [[7]], [[33, 65]]],
    gradients: [],
  },
  {
    op: "zeros",
    call: (x) => c.zeros(x!.device, x!.shape),
    reference: (x) => tabulate(x!.shape, () => 0),
    shapes: [[[1]], [[7]], [[33, 65]]],
    gradients: [],
  },
  {
    op: "ones",
    call: (x) => c.ones(x!.device, x!.shape),
    reference: (x) => tabulate(x!.shape, () => 1),
    shapes: [[[1]], [[7]], [[33, 65]]],
    gradients: [],
  },
  {
    op: "concat",
    variant: "last axis of three",
    call: (...inputs) => c.concat(inputs, -1),
    reference: (...inputs) => concatenated(1, inputs),
    shapes: [
      [
        [3, 1],
        [3, 5],
        [3, 2],
      ],
      [[1, 1]],
      [
        [70, 65],
        [70, 3],
      ],
    ],
  },
  {
    op: "concat",
    variant: "middle axis",
    call: (...inputs) => c.concat(inputs, 1),
    reference: (...inputs) => concatenated(1, inputs),
    shapes: [
      [
        [2, 1, 3],
        [2, 4, 3],
      ],
    ],
  },
  {
    op: "stack",
    call: (...inputs) => c.stack(inputs, 1),
    reference: (a, b) => tabulate([3, 2, 5], ([i, which, j]) => at(which === 0 ? a! : b!, [i!, j!])),
    shapes: [
      [
        [3, 5],
        [3, 5],
      ],
    ],
  },
  {
    op: "slice",
    call: (x) => c.slice(x!, [1, 0, 2], [3, -1]),
    reference: (x) => tabulate([2, x!.shape[1]! - 1, x!.shape[2]! - 2], ([i, j, k]) => at(x!, [i! + 1, j!, k! + 2])),
    shapes: [[[3, 2, 3]], [[4, 5, 7]], [[5, 33, 65]]],
  },
  {
    op: "pad",
    call: (x) => c.pad(x!, [[0, 2], [1, 0], [3, 1]], -0.5), // prettier-ignore
    reference: (x) =>
      tabulate([x!.shape[0]! + 2, x!.shape[1]! + 1, x!.shape[2]! + 4], ([i, j, k]) =>
        i! < x!.shape[0]! && j! >= 1 && k! >= 3 && k! < x!.shape[2]! + 3 ? at(x!, [i!, j! - 1, k! - 3]) : -0.5,
      ),
    shapes: [[[1, 1, 1]], [[2, 3, 5]], [[3, 33, 65]]],
  },
  transposeCase([1, 0], [1, 1], [7, 5], [33, 65], [5, 4], [4, 40]),
  transposeCase([2, 0, 1], [2, 3, 5], [5, 17, 33]),
  transposeCase([0, 2, 3, 1], [2, 3, 4, 5], [3, 33, 5, 7]),
  transposeCase([2, 1, 0], [2, 3, 5], [17, 3, 33]),
  transposeCase([4, 2, 0, 3, 1], [2, 3, 2, 3, 2]),
  transposeCase([0, 1], [3, 5]),
];

const draws = (shape: readonly number[], fill: (random: c.Random, out: Float32Array) => void): Reference => {
  const out = new Float32Array(sizeOf(shape));
  fill(new c.Random(7), out);
  return array(shape, out);
};

const DRAWN = [[[1]], [[7]], [[8]], [[3, 5, 257]]] as const;

export const RANDOM: readonly OpCase[] = [
  {
    op: "randomUniform",
    call: (x) => c.randomUniform(x!.device, x!.shape, new c.Random(7), -3, 3),
    reference: (x) => draws(x!.shape, (random, out) => random.fillUniform(out, -3, 3)),
    shapes: DRAWN,
    gradients: [],
    rtol: 0,
    atol: 0,
  },
  {
    op: "randomNormal",
    call: (x) => c.randomNormal(x!.device, x!.shape, new c.Random(7), 0.5, 2),
    reference: (x) => draws(x!.shape, (random, out) => random.fillNormal(out, 0.5, 2)),
    shapes: DRAWN,
    gradients: [],
  },
  ...[true, false].map((rescale): OpCase => ({
    op: "dropout",
    variant: rescale ? "rescaled" : "masking noise",
    call: (x: Tensor | undefined) => c.dropout(x!, 0.3, new c.Random(7), { rescale }),
    reference: (x) => {
      const kept = draws(x!.shape, (random, out) => {
        const word = Uint32Array.from(out, () => random.nextUint32());
        out.set(Array.from(word, (w) => (w >= Math.round(0.3 * 2 ** 32) ? 1 : 0)));
      });
      return array(
        x!.shape,
        x!.data.map((v, i) => (v * kept.data[i]!) / (rescale ? 0.7 : 1)),
      );
    },
    shapes: DRAWN,
  })),
];
