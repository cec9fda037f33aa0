import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { renderReport } from "../../src/report";
import { makeRun, parse, render, textOf } from "./run";

describe("safety", () => {
  const evil = `</title></style><script>alert(1)</script><img src=x onerror=alert(2)>"'&`;
  const hostile = makeRun(60, 3, {
    title: evil,
    method: evil,
    summary: evil,
    device: evil,
    versions: { [evil]: evil },
    date: evil,
    command: evil,
    options: { [evil]: evil, list: [evil], nested: { [evil]: evil } },
    metrics: { [evil]: 1, constructor: 2 },
    stages: [{ name: evil, metrics: { [evil]: 1, constructor: 2 } }],
    curves: [{ name: evil, xLabel: evil, yLabel: evil, series: [{ name: evil, x: [1, 2], y: [1, 2] }] }],
    classNames: [evil, evil, evil],
    projections: [{ name: evil, xy: new Float32Array(120).map((_, at) => at) }],
    table: { features: [evil], data: new Float32Array(60) },
  });

  test("whatever a name holds is shown and never becomes markup", async () => {
    const text = await renderReport(hostile);
    const page = parse(text);
    expect(page.querySelectorAll("iframe, object, link, base, form, foreignObject").length).toBe(0);
    expect([...page.querySelectorAll("img")].every((image) => image.getAttribute("src")!.startsWith("data:"))).toBe(
      true,
    );
    for (const element of [...page.querySelectorAll("*")])
      for (const { name } of Array.from(element.attributes)) expect(name).not.toMatch(/^on|["'<]/);
    expect(page.title).toBe(evil);
    expect(page.querySelector("h1")!.textContent).toBe(evil);
    expect(page.querySelector("pre")!.textContent).toBe(evil);
    expect(textOf(page, "#features th")).toContain(evil);
    expect(textOf(page, "#curves svg text").some((label) => label.includes(evil))).toBe(true);
    expect(text.match(/<script/g)).toHaveLength(1);
  });

  test("one script is allowed, which is the same whatever the run holds", async () => {
    const [one, other] = [await render(hostile), await render(makeRun(300, 5))];
    const [script] = [...one.querySelectorAll("script")].map(({ textContent }) => textContent);
    expect(other.querySelector("script")!.textContent).toBe(script);
    const hash = createHash("sha256").update(script!).digest("base64");
    for (const page of [one, other])
      expect(page.querySelector("meta[http-equiv]")!.getAttribute("content")).toBe(
        `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`,
      );
  });

  test("nothing is loaded from anywhere", async () => {
    const text = await renderReport(makeRun(300, 5));
    expect(text.replaceAll(/xmlns(:\w+)?=("|&quot;)[^"&]*\2/g, "")).not.toMatch(/https?:|url\(|@import/);
    const page = parse(text);
    for (const element of [...page.querySelectorAll("[src], [href], [srcset], [data]")]) {
      const address = element.getAttribute("src") ?? element.getAttribute("href")!;
      const isSaved = element.tagName === "A" && element.hasAttribute("download"); // what the address itself holds
      expect(address).toMatch(isSaved ? /^data:(image\/svg\+xml|text\/csv);charset=utf-8,/ : /^(data:image\/png;|#)/);
    }
    expect(page.querySelector("meta[http-equiv]")!.getAttribute("content")).toMatch(/^default-src 'none'/);
  });

  test("every drawing and picture has words, every table its headings", async () => {
    const page = await render(makeRun(300, 5));
    expect(page.documentElement.lang).toBe("en");
    for (const svg of [...page.querySelectorAll("svg")]) {
      expect(svg.getAttribute("role")).toBe("img");
      expect(svg.getAttribute("aria-label")!.length).toBeGreaterThan(10);
    }
    for (const table of [...page.querySelectorAll("table")]) {
      expect(table.querySelector("caption")).not.toBeNull();
      expect(table.querySelectorAll("thead th[scope=col]").length).toBeGreaterThan(1);
      for (const row of [...table.querySelectorAll("tbody tr")])
        expect(row.querySelector("th[scope=row]")).not.toBeNull();
    }
    const ids = [...page.querySelectorAll("[id]")].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
