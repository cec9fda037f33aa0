// Point sets to begin with.
import { NdArray, Random } from "constella";

/** Points of the plane with the group each was drawn from. */
export interface PointSet {
  readonly x: NdArray<Float32Array>;
  readonly truth: Int32Array<ArrayBuffer>;
}

type Draw = (random: Random, group: number) => readonly [number, number];

function draw(n: number, groups: number, one: Draw): PointSet {
  const random = new Random(7);
  const data = new Float32Array(2 * n);
  const truth = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    truth[i] = i % groups;
    data.set(one(random, truth[i]!), 2 * i);
  }
  return { x: new NdArray(data, [n, 2]), truth };
}

const BLOBS = [
  [-1.1, 0.7, 0.17],
  [-0.2, -0.75, 0.26],
  [0.55, 0.75, 0.2],
  [1.2, -0.35, 0.14],
  [-1.2, -0.6, 0.12],
] as const;

/** The point sets by name. */
export const POINT_SETS: Readonly<Record<string, () => PointSet>> = {
  blobs: () =>
    draw(1500, BLOBS.length, (random, group) => {
      const [x, y, spread] = BLOBS[group]!;
      return [x + spread * random.normal(), y + spread * random.normal()];
    }),
  moons: () =>
    draw(1200, 2, (random, group) => {
      const angle = Math.PI * random.uniform();
      const [x, y] = group === 0 ? [Math.cos(angle), Math.sin(angle)] : [1 - Math.cos(angle), 0.5 - Math.sin(angle)];
      return [x - 0.5 + 0.07 * random.normal(), y - 0.25 + 0.07 * random.normal()];
    }),
  rings: () =>
    draw(1200, 2, (random, group) => {
      const angle = 2 * Math.PI * random.uniform();
      const radius = (group === 0 ? 1.15 : 0.5) + 0.06 * random.normal();
      return [radius * Math.cos(angle), radius * Math.sin(angle)];
    }),
  spirals: () =>
    draw(1500, 3, (random, group) => {
      const way = Math.sqrt(random.uniform());
      const angle = 4.2 * way + (2 * Math.PI * group) / 3;
      const radius = 0.15 + 1.15 * way;
      return [radius * Math.cos(angle) + 0.035 * random.normal(), radius * Math.sin(angle) + 0.035 * random.normal()];
    }),
};
