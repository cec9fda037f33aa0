/** What a cell of a notebook shows (nbformat 4). */
export interface Output {
  readonly output_type: "stream" | "display_data" | "execute_result" | "error";
  readonly data?: Readonly<Record<string, string | readonly string[]>>;
  readonly text?: string | readonly string[];
}

export function startKernel(cwd: string): Promise<{ execute(code: string): Promise<Output[]>; close(): Promise<void> }>;
