// npm run site [-- --out site] [-- --small]: guides, reference, playground and a gallery of reports as static pages; every link between them is checked.
// --small makes one report and the reference of one entry, to try the rest.
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildDist } from "./build.mjs";
import { deadLinks } from "./links.mjs";
import { buildPages } from "./playground.mjs";
import { gallery } from "./gallery.mjs";
import { root } from "./root.mjs";

/** Runs a program to its end. @throws with what it said where it fails */
export function execute(program, args, cwd = root) {
  return new Promise((done, reject) => {
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk));
    child.on("exit", (code) =>
      code === 0 ? done() : reject(new Error(`${program} ${args.join(" ")} ended with ${code}\n${text}`)),
    );
  });
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** A page of the site's own, in the look of the playground. */
const page = (title, up, body) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${escaped(title)}</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="${up}style.css" />
  </head>
  <body>
    <header class="top">
      <a class="brand" href="${up}index.html">constella</a>
      <nav aria-label="Site">
        <a href="${up}pages/playground.html">Playground</a>
        <a href="${up}gallery/index.html">Gallery</a>
        <a href="${up}reference/index.html">Reference</a>
      </nav>
    </header>
    <main class="index">
${body}
    </main>
  </body>
</html>
`;

const cards = (entries) =>
  `<ul class="pages">\n${entries
    .map(({ href, title, text }) => `<li><a href="${href}"><h2>${escaped(title)}</h2><p>${escaped(text)}</p></a></li>`)
    .join("\n")}\n</ul>`;

/** The guides in the order that the README has them: their titles, first sentences, and pages in the reference. */
async function guides(out) {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const order = [...new Set([...readme.matchAll(/\(docs\/guides\/([\w-]+\.md)\)/g)].map(([, name]) => name))];
  const all = await readdir(join(root, "docs/guides"));
  const missing = all.filter((name) => !order.includes(name));
  if (missing.length > 0) throw new Error(`site: README must link every guide, it lacks ${missing.join(", ")}`);
  const pages = new Map();
  for (const name of await readdir(join(out, "reference/documents"))) {
    const title = /<title>([^<|]*?)(?: \| [^<]*)?<\/title>/.exec(
      await readFile(join(out, "reference/documents", name), "utf8"),
    )?.[1];
    pages.set(title, `reference/documents/${name}`);
  }
  return Promise.all(
    order.map(async (name) => {
      const text = await readFile(join(root, "docs/guides", name), "utf8");
      const title = /^# (.+)$/m.exec(text)[1];
      const first = text.split("\n\n").find((paragraph) => /^[A-Z`]/.test(paragraph)) ?? "";
      const sentence = first
        .replace(/\s+/g, " ")
        .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .replaceAll("`", "");
      const href = pages.get(escaped(title));
      if (!href)
        throw new Error(`site: the guide ${title} must have a page, there are ${[...pages.keys()].join("; ")}`);
      return { href, title, text: /^.*?[.:](?= |$)/.exec(sentence)?.[0].replace(/:$/, ".") ?? sentence };
    }),
  );
}

async function makeSite(out, small) {
  await rm(out, { recursive: true, force: true });
  await mkdir(join(out, "gallery"), { recursive: true });
  const typedoc = join(root, "node_modules/typedoc/bin/typedoc");
  const partly = small ? ["--entryPoints", "src/text/index.ts", "--skipErrorChecking", "--validation", "false"] : [];
  await Promise.all([buildDist(), buildPages()]);
  await execute(process.execPath, [typedoc, "--out", join(out, "reference"), ...partly]);
  await cp(join(root, "build/pages"), join(out, "pages"), { recursive: true });
  const look = ["style.css", "index.css"].map((name) => readFile(join(root, "examples/web/shared", name), "utf8"));
  await writeFile(join(out, "style.css"), (await Promise.all(look)).join("\n"));
  const folder = await mkdtemp(join(tmpdir(), "constella-site-"));
  try {
    const reports = await gallery(folder, join(out, "gallery"), { small, execute });
    await writeFile(
      join(out, "gallery/index.html"),
      page(
        "Gallery · constella",
        "../",
        `<h1>Reports</h1>\n<p class="lead">Each was written by the command that stands in it, when this site was made. They are files without scripts.</p>\n${cards(reports)}`,
      ),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const { description } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  await writeFile(
    join(out, "index.html"),
    page(
      "constella",
      "",
      `<h1>Deep clustering in TypeScript</h1>
<p class="lead">${escaped(description)}.</p>
<pre><code>npm install constella</code></pre>
${cards([
  {
    href: "pages/playground.html",
    title: "Playground",
    text: "Points, tables and pictures, clustered in this tab while you watch.",
  },
  { href: "gallery/index.html", title: "Gallery", text: "Reports of real runs, with the commands that made them." },
  { href: "reference/index.html", title: "Reference", text: "Every function and class." },
  { href: "pages/bench.html", title: "Bench", text: "Every kernel on this browser’s device, checked and timed." },
])}
<h2 style="margin-top:2.4rem">Guides</h2>
${cards(await guides(out))}`,
    ),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { out: { type: "string", default: "site" }, small: { type: "boolean", default: false } },
  });
  const out = resolve(values.out);
  await makeSite(out, values.small);
  const { dead, links, pages } = await deadLinks(out);
  for (const { page, link, why } of dead) console.error(`${page}: ${link}: ${why}`);
  console.log(`${pages} pages in ${out}, ${links} links between them, ${dead.length} dead`);
  if (dead.length > 0) process.exitCode = 1;
}
