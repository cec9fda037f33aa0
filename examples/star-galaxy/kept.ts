// Results that are kept in a file each, so that a run goes on where another ended.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** What a file holds, or what `measure` gives, which it holds then. */
export async function kept<T>(file: string, measure: () => Promise<T>): Promise<T> {
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as T;
  const made = await measure();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.tmp`, JSON.stringify(made));
  renameSync(`${file}.tmp`, file);
  return made;
}
