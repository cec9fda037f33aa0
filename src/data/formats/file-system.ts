// The file system of Node and Deno, where there is one.

/** @internal */
interface FileModules {
  "node:fs/promises": typeof import("node:fs/promises");
  "node:fs": typeof import("node:fs");
  "node:path": typeof import("node:path");
  "node:os": typeof import("node:os");
}

/**
 * A module of Node or Deno. Throws in a browser.
 * @internal
 */
export function nodeModule<Name extends keyof FileModules>(name: Name): FileModules[Name] {
  // Not an import: a bundle for browsers must not contain one.
  const builtin = (globalThis as { process?: Partial<NodeJS.Process> }).process?.getBuiltinModule?.(name);
  if (!builtin) throw new Error("files: there is no file system here, use the readers on bytes or a Blob");
  return builtin as FileModules[Name];
}

const REASONS: Record<string, string> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a folder",
  ENOSPC: "no space left",
  EROFS: "the file system is read-only",
  ENAMETOOLONG: "the name is too long",
};

/** @internal */
export function reason(error: unknown, what: "file" | "folder"): string {
  const { code = "", message } = error as { code?: string; message: string };
  if (code === "ENOENT" || code === "ENOTDIR") return `no such ${what}`;
  if (error instanceof RangeError) return "too large for memory";
  return REASONS[code] ?? message.replace(/\s+/g, " ");
}
