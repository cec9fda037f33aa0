/** What wgsl_reflect finds in a kernel. */
export interface Reflected {
  readonly name: string;
  readonly code: string;
  readonly bindings: readonly { readonly name: string; readonly access: "read" | "read_write" }[];
  readonly params: readonly { readonly name: string; readonly type: "u32" | "i32" | "f32" }[];
  /** A number, or the name of the override that sets it. */
  readonly workgroupSize: readonly (number | string)[];
  readonly overrides: Readonly<Record<string, number>>;
}

/** Reads and lints one kernel; problems are `file:line: rule, why and how to fix`, where file is `path` or else `kernels/<name>.wgsl`. */
export function declare(
  name: string,
  code: string,
  path?: string,
): { declaration: Reflected | null; problems: string[] };
