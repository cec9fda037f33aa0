import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { grad, parameter, requestDevice, sum, tidy } from "constella";
import type { Tensor } from "constella";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(`${root}README.md`, "utf8");

/** The code of the first block of that language under a heading. */
function block(heading: string, language: string): string {
  const section = readme.slice(readme.indexOf(`## ${heading}\n`));
  const code = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(section)?.[1];
  if (!code) throw new Error(`README has no ${language} block under ${heading}`);
  return code;
}

const folder = `${root}build/readme-${process.pid}`;
mkdirSync(folder, { recursive: true });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The lines that do something. */
const linesOf = (code: string): string[] => code.split("\n").filter((line) => /\w/.test(line));

test("the op of one's own computes sines and their gradient, on threads and in place", async () => {
  const code = block("An op of your own", "ts");
  expect(linesOf(code).length).toBeLessThanOrEqual(32);
  writeFileSync(`${folder}/sine.ts`, code);
  const { sin } = (await import(/* @vite-ignore */ `${folder}/sine.ts`)) as { sin(x: Tensor, phase?: number): Tensor };
  const values = Float32Array.from({ length: 1000 }, (_, i) => i / 100 - 5);
  for (const threads of [0, 2]) {
    const device = await requestDevice("wasm", { threads });
    const x = parameter(device, values);
    const [y, dx] = tidy(() => {
      const y = sin(x, 0.5);
      return [y, grad(sum(y), [x])[0]!];
    });
    expect(await y.data()).toBeCloseToArray(
      values.map((v) => Math.sin(v + 0.5)),
      { rtol: 1e-5, atol: 1e-6 },
    );
    expect(await dx.data()).toBeCloseToArray(
      values.map((v) => Math.cos(v + 0.5)),
      { rtol: 1e-5, atol: 1e-6 },
    );
    device.destroy();
  }
});

test("the examples are short", () => {
  expect(linesOf(block("In Node", "ts")).length).toBeLessThanOrEqual(15);
  expect(linesOf(block("In a page", "html")).length).toBeLessThanOrEqual(16);
});
