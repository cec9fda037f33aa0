/// <reference types="vite/client" />

/** bench/assembly/roof.ts, compiled by vite.config.ts: base64. */
declare module "virtual:roof" {
  export const plain: string;
  export const relaxed: string;
}
