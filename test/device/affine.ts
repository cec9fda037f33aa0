import { defineKernel, empty, grid1d, run } from "constella";
import type { KernelDefinition, Tensor } from "constella";
import { uniforms } from "../uniforms";

/** y = factor·x + offset, with a twin in JavaScript that must not use anything from outside itself. */
export const definition: KernelDefinition = {
  name: "affine",
  wgsl: `// y = factor x + offset
struct Params { n: u32, factor: f32, offset: i32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i < params.n) { y[i] = params.factor * x[i] + f32(params.offset); }
}`,
  bindings: { x: "read", y: "read_write" },
  params: { n: "u32", factor: "f32", offset: "i32" },
  grid: ({ n }, [size]) => grid1d(n!, size),
  rows: ({ n }) => n!,
  grain: 16,
  cpu: (x: Float32Array, y: Float32Array, _n: number, factor: number, offset: number, begin: number, end: number) => {
    for (let i = begin; i < end; i++) y[i] = factor * x[i]! + offset;
  },
};

/** The kernel of that definition. */
export const affine = defineKernel(definition);

/** Numbers from −1 to 1. */
export const randoms = (n: number, seed = 1): Float32Array => {
  const random = uniforms(seed);
  return Float32Array.from({ length: n }, () => random() * 2 - 1);
};

/** y = factor·x + offset by it. */
export const affinely = (x: Tensor, factor: number, offset: number): Tensor => {
  const y = empty(x.device, x.shape);
  run(affine, { x, y, n: x.size, factor, offset });
  return y;
};
