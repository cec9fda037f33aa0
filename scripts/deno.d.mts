/** Path of npm's Deno binary. */
export function denoBinary(): Promise<string>;
