/** The devices that every test runs on. */
export const DEVICES = ["wasm", "webgpu"] as const;
