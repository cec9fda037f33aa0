// Which outputs of the build are older than what they are made of.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./root.mjs";

async function newest(paths) {
  const times = [];
  for (const path of paths) {
    const info = await stat(path).catch(() => null);
    if (info?.isDirectory()) times.push(await newest((await readdir(path)).map((name) => join(path, name))));
    else if (info) times.push(info.mtimeMs);
  }
  return Math.max(0, ...times);
}

/** Whether any of `outputs` is missing or older than the newest of `inputs` (files or folders, relative to the root). */
export async function stale(outputs, inputs) {
  const made = await Promise.all(
    outputs.map((path) =>
      stat(join(root, path)).then(
        (info) => info.mtimeMs,
        () => 0,
      ),
    ),
  );
  return Math.min(...made) < (await newest(inputs.map((path) => join(root, path))));
}
