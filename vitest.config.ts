import { defineConfig } from "vitest/config";
import { buildWasm, writeKernelTypes } from "./scripts/build.mjs";
import { entryAliases } from "./scripts/entries.mjs";
import { vitePlugin } from "./scripts/plugin.mjs";
import { gpuEnvironment } from "./scripts/vulkan.mjs";

await Promise.all([writeKernelTypes(), buildWasm()]); // when their sources changed
Object.assign(process.env, await gpuEnvironment()); // before the workers start: the loader reads it once

export default defineConfig({
  plugins: [vitePlugin()],
  resolve: { alias: entryAliases() },
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    isolate: false, // see test/devices.ts
    testTimeout: 300_000,
    hookTimeout: 300_000,
    chaiConfig: { truncateThreshold: 0 }, // messages are compared, and shown whole
    setupFiles: ["test/setup.ts"],
  },
});
