import type { Browser } from "playwright-core";
/** The program and the environment it runs in. @throws where there is none for this platform */
export function findChromium(): Promise<{ executable: string; env: Record<string, string> }>;
/** Starts a headless Chromium with WebGPU on SwiftShader; close it. */
export function launchChromium(): Promise<Browser>;
