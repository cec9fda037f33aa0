import type { Declaration } from "../src/kernel";

/** Reads and lints one kernel; problems are `file:line: rule, why and how to fix`. */
export function declare(name: string, code: string): { declaration: Declaration | null; problems: string[] };
