import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { evaluate, evaluateList } from "../../examples/web/kernel/expression";
import { contrastProblems, labelProblems, openPage, picture, runFromStart } from "./page";
import type { Look } from "./page";
import { pages } from "./server";

async function open(look: Look = {}): ReturnType<typeof openPage> {
  const opened = await openPage(pages.browser, `${pages.url}kernel.html`, look);
  await opened.page.waitForSelector("html[data-state=ready]", { timeout: 60_000 });
  return opened;
}

async function run(page: Page): Promise<string> {
  await runFromStart(page);
  return (await page.textContent("#verdict"))!;
}

describe("custom kernel", () => {
  test("a kernel is compiled, its gradient agrees with differences, and both are timed", async () => {
    const { page, problems } = await open();
    expect(await run(page)).toMatch(/^The gradient agrees with differences: y \[131\], from -/);
    expect(await page.textContent("#gradients tbody")).toMatch(/x\s+40 of 131/);
    expect(await page.textContent("#timings")).toMatch(/ms/);
    expect(await page.textContent("#clock")).toContain("timestamps");
    expect(await page.textContent("#code")).toContain(
      'import { defineKernel, empty, record, run, type Shape, type Tensor } from "constella";',
    );
    await picture(page, "kernel-light");
    expect(await labelProblems(page)).toEqual([]);
    expect(await contrastProblems(page)).toEqual([]);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("a gradient that is wrong is found out, one of several inputs is checked, and a mistake is shown with its line and a caret", async () => {
    const { page, problems } = await open({ dark: true });
    await page.selectOption("#example", "A gradient that forgets the phase");
    expect(await run(page)).toMatch(/^The gradient does not agree/);
    expect(await page.textContent("#gradients tbody")).toContain("differs");
    await page.selectOption("#example", "Affinity of rows to a centre");
    expect(await run(page)).toMatch(/^The gradient agrees with differences: y \[17\]/);
    await page.selectOption("#example", "A line that does not compile");
    await page.waitForSelector("#messages.bad");
    const message = (await page.textContent("#messages"))!.split("\n");
    expect(message[0]).toMatch(/^sine_broken\.wgsl:10:\d+: error: .*fase/);
    expect(message[1]).toMatch(/^ {2}10 \| {3}if \(i < params\.n\) \{ y\[i\] = sin\(x\[i\] \+ params\.fase\)/);
    expect(message[1]!.slice(message[2]!.indexOf("^"))).toMatch(/^(params\.)?fase/);
    expect(await page.textContent("#messages")).not.toContain("sine_broken_backward");
    await picture(page, "kernel-dark");
    expect(await labelProblems(page)).toEqual([]);
    expect(await contrastProblems(page)).toEqual([]);
    await page.fill("#forward", (await page.inputValue("#forward")).replace("fase", "phase"));
    await page.waitForSelector("#messages:not(.bad)");
    expect(await run(page)).toMatch(/^The gradient agrees/);
    expect(problems.filter((problem) => !problem.includes("fase"))).toEqual([]); // the compiler's warning is of the user's line
    await page.context().close();
  });

  test("what a kernel leaves out is seen, and the page fits a phone", async () => {
    const { page, problems } = await open({ phone: true });
    await page.fill("#field-n", "N - 1");
    await page.click("#start");
    await page.waitForSelector("#error:not([hidden])");
    expect(await page.textContent("#error")).toBe(
      "y[130] is NaN: it is not written, or the formula has no value there",
    );
    await page.fill("#field-n", "M");
    await page.click("#start");
    await page.waitForFunction(() =>
      document.getElementById("error")!.textContent!.startsWith("“M”: there is no M; there are N, ceil"),
    );
    await page.fill("#field-n", "N");
    expect(await run(page)).toMatch(/^The gradient agrees/);
    await picture(page, "kernel-phone");
    expect(await labelProblems(page)).toEqual([]);
    expect(await contrastProblems(page)).toEqual([]);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("expressions of the fields", () => {
    const names = { N: 100, D: 8 };
    expect(evaluateList("min(ceil(N / 64), 32768), ceil(N / 64) * D", names)).toEqual([2, 16]);
    expect(evaluate("-(N - 2 * D) % 5 + .5", names)).toBe(-3.5);
    expect(evaluateList("", names)).toEqual([]);
    expect(() => evaluate("N +", names)).toThrow("“N +”: it ends too early");
    expect(() => evaluate("ceil(N", names)).toThrow("“ceil(N”: ) is missing at the end");
    expect(() => evaluate("M", names)).toThrow("“M”: there is no M; there are N, D, ceil");
    expect(() => evaluate("N; D", names)).toThrow('“N; D”: ";" is no part of an expression');
    expect(() => evaluate("N D", names)).toThrow("“N D”: D was not expected");
    expect(() => evaluate("N, D", names)).toThrow("“N, D”: one value is needed, it has 2");
  });
});
