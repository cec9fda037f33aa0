// What a WebGPU adapter can do at most, measured. Runs in Node and in pages.

const ROUNDS = 15;
const COPY_BYTES = 64 * 2 ** 20;

/** A software adapter may lack the fused instruction, so both forms are tried. */
const multiplyAddShader = (fused: boolean): string => {
  const chain = (c: string): string => (fused ? `${c} = fma(a, ${c}, b);` : `${c} = a * ${c} + b;`);
  return /* wgsl */ `
@group(0) @binding(0) var<uniform> passes: vec4<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<vec4<f32>>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let a = vec4<f32>(0.999999);
  let b = vec4<f32>(0.000001);
  var c0 = vec4<f32>(f32(id.x) * 1e-9);
  var c1 = c0 + 0.1; var c2 = c0 + 0.2; var c3 = c0 + 0.3; var c4 = c0 + 0.4; var c5 = c0 + 0.5; var c6 = c0 + 0.6; var c7 = c0 + 0.7;
  for (var i = 0u; i < passes.x; i++) {
    ${["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"].map(chain).join(" ")}
  }
  out[id.x] = c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7;
}`;
};

const COPY = /* wgsl */ `
@group(0) @binding(0) var<uniform> size: vec4<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> source: array<vec4<f32>>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = id.x; i < size.x; i += size.y) { out[i] = source[i]; }
}`;

/** Multiply-adds in registers, GFLOP/s, and copying, GB/s read plus written: the best of some rounds, timed on the wall. */
export async function measureWebGPURoof(device: GPUDevice): Promise<{ gflops: number; gbytes: number }> {
  const storage = Array.from({ length: 2 }, () =>
    device.createBuffer({ size: COPY_BYTES, usage: GPUBufferUsage.STORAGE }),
  );
  const uniform = device.createBuffer({ size: 16, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  const launch = async (
    code: string,
    workgroups: number,
    buffers: GPUBuffer[],
  ): Promise<(params: number[]) => Promise<number>> => {
    const pipeline = await device.createComputePipelineAsync({
      layout: "auto",
      compute: { module: device.createShaderModule({ code }) },
    });
    const entries = [uniform, ...buffers].map((buffer, binding) => ({ binding, resource: { buffer } }));
    const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    return async (params) => {
      device.queue.writeBuffer(uniform, 0, Uint32Array.from([...params, 0, 0, 0, 0].slice(0, 4)));
      const start = performance.now();
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(workgroups);
      pass.end();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
      return performance.now() - start;
    };
  };
  const workgroups = 1024;
  const computeRates: number[] = [];
  for (const fused of [true, false]) {
    const multiplyAdd = await launch(multiplyAddShader(fused), workgroups, [storage[0]!]);
    let passes = 32;
    while ((await multiplyAdd([passes])) < 20 && passes < 2 ** 20) passes *= 2; // long enough to hide the launch
    for (let round = 0; round < ROUNDS; round++)
      computeRates.push((64 * passes * workgroups * 64) / (await multiplyAdd([passes])) / 1e6);
  }
  const copy = await launch(COPY, workgroups, [storage[0]!, storage[1]!]);
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) best = Math.min(best, await copy([COPY_BYTES / 16, workgroups * 64]));
  for (const buffer of [...storage, uniform]) buffer.destroy();
  return { gflops: Math.max(...computeRates), gbytes: (2 * COPY_BYTES) / best / 1e6 };
}
