import { nodeModule } from "../formats/file-system";
import { writeAtomic } from "../formats/atomic-file";

/** A folder of texts by name, each written whole or not at all: where `GridSearch` keeps its cells. It is made at the first write. */
export function folderStore(path: string): {
  /** The text, undefined where there is none of that name. */
  read(name: string): Promise<string | undefined>;
  /** Writes a text, in place of the old one. */
  write(name: string, text: string): Promise<void>;
} {
  const at = (name: string): string => nodeModule("node:path").join(path, name);
  return {
    read: async (name) => {
      try {
        return await nodeModule("node:fs/promises").readFile(at(name), "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
    },
    write: async (name, text) => {
      await nodeModule("node:fs/promises").mkdir(path, { recursive: true });
      await writeAtomic(at(name), text);
    },
  };
}
