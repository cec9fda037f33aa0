// Links of static pages that lead nowhere.
import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";

const unescaped = (text) =>
  text.replace(/&(amp|lt|gt|quot|#39|#x27);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">", quot: '"' })[name] ?? "'");

/** Every id and name that a page can be entered at. */
const anchorsOf = (html) => new Set([...html.matchAll(/\s(?:id|name)="([^"]+)"/g)].map(([, id]) => unescaped(id)));

/**
 * The links of all pages in a folder that lead to no file of it, or to no place in that file. Addresses elsewhere are not followed.
 * @param {string} folder
 * @returns {Promise<{ pages: number, links: number, dead: { page: string, link: string, why: string }[] }>}
 */
export async function deadLinks(folder) {
  const files = await readdir(folder, { recursive: true });
  const pages = files.filter((name) => name.endsWith(".html"));
  const texts = new Map();
  for (const name of pages) texts.set(join(folder, name), await readFile(join(folder, name), "utf8"));
  const anchors = new Map();
  const dead = [];
  let links = 0;
  for (const [path, text] of texts) {
    const visible = text.replace(/<script\b[^>]*>[\s\S]*?<\/script>/g, (script) => /^<script[^>]*>/.exec(script)[0]);
    for (const [, given] of visible.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
      const link = unescaped(given);
      if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(link)) continue;
      links++;
      const [place, anchor] = link.split("#");
      const note = (why) => dead.push({ page: relative(folder, path), link, why });
      if (place.startsWith("/")) {
        note("it begins at the server's root, pages may lie in a folder");
        continue;
      }
      let target = place === "" ? path : resolve(dirname(path), decodeURIComponent(place.split("?")[0]));
      const info = await stat(target).catch(() => null);
      if (info?.isDirectory()) target = join(target, "index.html");
      if (relative(folder, target).startsWith("..")) note("it leads out of the site");
      else if (!info || (info.isDirectory() && !texts.has(target))) note("there is no such file");
      else if (anchor && texts.has(target)) {
        if (!anchors.has(target)) anchors.set(target, anchorsOf(texts.get(target)));
        if (!anchors.get(target).has(decodeURIComponent(anchor))) note("the page has no such place");
      }
    }
  }
  return { pages: pages.length, links, dead };
}
