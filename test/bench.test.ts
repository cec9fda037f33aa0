import { describe, expect, test } from "vitest";
import { best, median, race, ratio, type Racer } from "../bench/harness";
import { checkAdd, checkGemm, gemmProblem, addProblem } from "../bench/workloads/problems";
import { growthTable, outcomeTable } from "../bench/report";
import { figure, markdownTable, plainTable } from "../bench/table";
import { uniform } from "../bench/workload";

describe("statistics", () => {
  test("median of odd, even and no values", () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 10])).toBe(3.5);
    expect(median([])).toBeNaN();
  });
  test("best", () => {
    expect(best([3, 2, 9])).toBe(2);
    expect(best([])).toBeNaN();
  });
  test("ratio is to the fastest peer's median and ignores peers without timings", () => {
    expect(ratio([2, 2, 2], [[10, 8, 9], [4, 6, 5], []])).toBe(2.5);
    expect(ratio([2], [[], []])).toBeNaN();
    expect(ratio([], [[1]])).toBeNaN();
  });
});

/** A contender that writes what happens to it into `log`. */
function fake(name: string, log: string[], options: { ms?: number; invalid?: string; failsAt?: number } = {}): Racer {
  let runs = 0;
  return {
    name,
    prepare: async () => {
      log.push(`${name} prepare`);
      if (options.invalid) throw new Error(options.invalid);
      return { remark: "max error 0", ms: options.ms ?? 1 };
    },
    run: async () => {
      log.push(name);
      if (++runs === options.failsAt) throw new Error("ended by SIGSEGV");
      return options.ms ?? 1;
    },
    stop: () => log.push(`${name} stop`),
  };
}

describe("race", () => {
  test("validates all, then interleaves in an order that turns each round", async () => {
    const log: string[] = [];
    const racers = ["a", "b", "c"].map((name) => fake(name, log));
    const outcomes = await race(racers, { rounds: 3, budgetMs: 1000, warmup: 0 });
    expect(log.join(" ")).toBe("a prepare b prepare c prepare a b c b c a c a b a stop b stop c stop");
    expect(outcomes.map(({ times }) => times)).toEqual([
      [1, 1, 1],
      [1, 1, 1],
      [1, 1, 1],
    ]);
    expect(outcomes[0]!.validation).toBe("max error 0");
  });
  test("a wrong result is never timed, and its reason is kept", async () => {
    const log: string[] = [];
    const outcomes = await race([fake("a", log), fake("b", log, { invalid: "element error 2 is above 1" })], {
      rounds: 2,
      budgetMs: 1000,
    });
    expect(log).not.toContain("b");
    expect(outcomes[1]).toEqual({ name: "b", times: [], error: "element error 2 is above 1" });
    expect(outcomes[0]!.times).toHaveLength(2);
  });
  test("a contender that breaks off keeps its timings and does not stop the others", async () => {
    const log: string[] = [];
    const outcomes = await race([fake("a", log, { failsAt: 3 }), fake("b", log)], {
      rounds: 5,
      budgetMs: 1000,
      warmup: 0,
    });
    expect(outcomes[0]).toMatchObject({ times: [1, 1], error: "ended by SIGSEGV" });
    expect(outcomes[1]!.times).toHaveLength(5);
    expect(log.filter((entry) => entry.endsWith("stop"))).toHaveLength(2);
  });
  test("a slow contender leaves after its budget, not before the least number of rounds", async () => {
    const log: string[] = [];
    const outcomes = await race([fake("slow", log, { ms: 600 }), fake("fast", log)], {
      rounds: 10,
      budgetMs: 1000,
      minRounds: 3,
      warmup: 0,
    });
    expect(outcomes.map(({ times }) => times.length)).toEqual([3, 10]);
  });
  test("a very slow contender is warmed by its validated run and timed once", async () => {
    const log: string[] = [];
    const outcomes = await race([fake("slow", log, { ms: 40_000 })], { rounds: 10, budgetMs: 15_000 });
    expect(log).toEqual(["slow prepare", "slow", "slow stop"]);
    expect(outcomes[0]!.times).toEqual([40_000]);
  });
});

describe("tables", () => {
  test("figures have three significant digits", () => {
    expect([0.1234, 1.234, 12.34, 123.4, 12345.6, NaN].map(figure)).toEqual([
      "0.123",
      "1.23",
      "12.3",
      "123",
      "12,346",
      "–",
    ]);
    expect([9.999, 99.96].map(figure)).toEqual(["10.0", "100"]);
  });
  const table = {
    title: "T",
    columns: ["name", "ms"],
    rows: [
      ["a|b", "1.00"],
      ["long name", "10.0"],
    ],
    notes: ["n: why"],
  };
  test("plain: text left, figures right", () => {
    expect(plainTable(table)).toBe(
      ["T", "name         ms", "─────────  ────", "a|b        1.00", "long name  10.0", "n: why"].join("\n"),
    );
  });
  test("Markdown escapes the column sign", () => {
    expect(markdownTable(table)).toBe(
      ["**T**", "", "| name | ms |", "|---|---:|", "| a\\|b | 1.00 |", "| long name | 10.0 |", "", "n: why"].join("\n"),
    );
  });
  test("outcomes: sorted by median, shares of the roof, targets, and the failed one named", () => {
    const { rows, notes } = outcomeTable(
      { title: "T", flops: 2e9, bytes: 0 },
      [
        { name: "peer", kind: "peer", roof: "wasm" },
        { name: "ours", kind: "ours", roof: "wasm", target: 1.5 },
        { name: "slow", kind: "ours", target: 1.5 },
        { name: "gone", kind: "peer" },
        { name: "native", kind: "anchor" },
      ],
      [
        { name: "peer", times: [200, 100, 300] },
        { name: "ours", times: [100, 80, 120] },
        { name: "slow", times: [400] },
        { name: "gone", times: [], error: "does not load" },
        { name: "native", times: [10] },
      ],
      { wasm: { gflops: 50, gbytes: 10, description: "SIMD" } },
    );
    expect(rows.map(([name]) => name)).toEqual(["native", "ours", "peer", "slow"]);
    expect(rows[1]).toEqual(["ours", "100", "80.0", "3", "20.0", "50 %", "2.00×", "≥ 1.5×"]);
    expect(rows[3]!.slice(-2)).toEqual(["0.500×", "misses 1.5×"]);
    expect(notes).toEqual(["gone: does not load"]);
  });
  test("growth: the power of n between neighbouring sizes of one contender, of those that ran at two", () => {
    const at = (n: number, ...ms: readonly number[]): Parameters<typeof growthTable>[0][number] => ({
      workload: { size: { of: "neighbours", n } },
      outcomes: ms.map((time, i) => ({ name: `c${i}`, times: time > 0 ? [time] : [] })),
    });
    const table = growthTable([at(400, 160, 5), at(100, 10, 0), { ...at(7, 1), workload: {} }]);
    expect(table!.rows).toEqual([["neighbours: c0", "100", "10.0", "400", "160", "2.00"]]);
    expect(growthTable([at(100, 10)])).toBeUndefined();
  });
});

describe("validators", () => {
  test("GEMM: the right product passes, one wrong element does not, nor NaN, nor a missing result", () => {
    const n = 40;
    const problem = gemmProblem(n);
    const c = new Float32Array(n * n);
    for (let i = 0; i < n; i++)
      for (let k = 0; k < n; k++)
        for (let j = 0; j < n; j++) c[i * n + j]! += problem.a[i * n + k]! * problem.b[k * n + j]!;
    expect(checkGemm(problem, { c })).toMatch(/^max error/);
    for (const wrong of [c[577]! + 0.01, NaN])
      expect(() => checkGemm(problem, { c: c.with(577, wrong) })).toThrow(/row-sum error/);
    expect(() => checkGemm(problem, {})).toThrow("c: 1600 numbers expected, got none");
  });
  test("sums must be exact", () => {
    const problem = addProblem(10);
    const z = problem.x.map((value, i) => value + problem.y[i]!);
    expect(checkAdd(problem, { z })).toBe("exact");
    expect(() => checkAdd(problem, { z: z.with(3, z[3]! + 1e-6) })).toThrow(/^z\[3\] is/);
  });
  test("the generator repeats", () => {
    expect(uniform(4, 7, -1, 1)).toEqual(uniform(4, 7, -1, 1));
    expect(uniform(4, 7, -1, 1)).not.toEqual(uniform(4, 8, -1, 1));
    const mean = uniform(10_000, 7, 0, 1).reduce((a, b) => a + b) / 10_000;
    expect(mean).toBeGreaterThan(0.49);
    expect(mean).toBeLessThan(0.51);
  });
});
