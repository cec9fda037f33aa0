import { afterAll, expect, test } from "vitest";
import { endTargets, fuzz, TARGETS } from "./targets";

afterAll(endTargets);

// twenty thousand of each, and of other seeds: npm run fuzz
test.each(TARGETS.map((target) => [target.name, target] as const))(
  "%s: a changed file is read, or refused by one line in words",
  async (_, target) => {
    const { read, refused, faults } = await fuzz(target, 150, 7);
    expect(faults).toEqual([]);
    expect(refused).toBeGreaterThan(0);
    expect(read + refused).toBe(150);
  },
);
