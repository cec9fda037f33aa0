// One thread of the WebAssembly roof: runs what it is told and answers with the milliseconds.
interface RoofExports {
  multiply_add(passes: number, x: number, y: number): number;
  copy(target: number, source: number, bytes: number): void;
  move(target: number, source: number, bytes: number): void;
}

type Order =
  | { readonly module: WebAssembly.Module; readonly copyBytes: number }
  | { readonly kernel: keyof RoofExports; readonly passes: number };

let kernels: RoofExports;
let bytes = 0;

self.onmessage = ({ data }: MessageEvent<Order>) => {
  if ("module" in data) {
    bytes = data.copyBytes;
    const memory = new WebAssembly.Memory({ initial: (2 * bytes) / 65536 + 1 });
    new Uint8Array(memory.buffer).fill(1);
    kernels = new WebAssembly.Instance(data.module, { env: { memory } }).exports as unknown as RoofExports;
    self.postMessage(0);
    return;
  }
  const begin = performance.now();
  if (data.kernel === "multiply_add") kernels.multiply_add(data.passes, 0.999999, 0.000001);
  else kernels[data.kernel](65536 + bytes, 65536, bytes);
  self.postMessage(performance.now() - begin);
};
