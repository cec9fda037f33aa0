import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * Imports a package of `bench/package.json`. The project's own type check runs without the peers, so the caller states
 * the part of the interface that it uses.
 */
export async function loadPeer<Module>(name: string): Promise<Module> {
  const path = createRequire(join(process.cwd(), "bench/package.json")).resolve(name);
  const module = (await import(pathToFileURL(path).href)) as Module & { default?: Module };
  return module.default ?? module;
}
