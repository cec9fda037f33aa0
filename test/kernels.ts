/// <reference types="vite/client" />
import type { Kernel } from "../src/kernel";

const files = import.meta.glob<Readonly<Record<string, Kernel>>>(["../src/kernels/*.ts", "!**/launches.ts"], {
  eager: true,
});

/** Every kernel of the library by the name of its export, from the files of all families. */
export const kernels: Readonly<Record<string, Kernel>> = Object.assign({}, ...Object.values(files));
