// Kernels to begin with.
import type { KernelSpec } from "./protocol";

const SINE: KernelSpec = {
  name: "sine",
  forward: {
    code: `// y = sin(x + phase)
struct Params { n: u32, phase: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i < params.n) { y[i] = sin(x[i] + params.phase); }
}
`,
    grid: "min(ceil(N / 64), 32768), ceil(ceil(N / 64) / 32768)",
  },
  backward: {
    code: `// dx = cos(x + phase) dy
struct Params { n: u32, phase: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i < params.n) { dx[i] = cos(x[i] + params.phase) * dy[i]; }
}
`,
    grid: "min(ceil(N / 64), 32768), ceil(ceil(N / 64) / 32768)",
  },
  sizes: "N 131 / 1048576",
  fields: { x: "N", y: "N", n: "N", phase: "0.5" },
  range: "-2, 2",
};

const AFFINITY: KernelSpec = {
  name: "affinity",
  forward: {
    code: `// y[i] = exp(-|x_i - c|² / D), x [N, D], c [D]: how near each row is to a centre
struct Params { n: u32, d: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> c: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= params.n) { return; }
  var squares = 0.0;
  for (var j = 0u; j < params.d; j++) {
    let difference = x[i * params.d + j] - c[j];
    squares += difference * difference;
  }
  y[i] = exp(-squares / f32(params.d));
}
`,
    grid: "ceil(N / 64)",
  },
  backward: {
    code: `// dx_ij = -2 / D (x_ij - c_j) y_i dy_i; an invocation owns a row
struct Params { n: u32, d: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> c: array<f32>;
@group(0) @binding(3) var<storage, read> y: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= params.n) { return; }
  let factor = -2.0 / f32(params.d) * y[i] * dy[i];
  for (var j = 0u; j < params.d; j++) {
    let at = i * params.d + j;
    dx[at] = factor * (x[at] - c[j]);
  }
}
`,
    grid: "ceil(N / 64)",
  },
  sizes: "N 17 / 65536, D 5 / 32",
  fields: { x: "N, D", c: "D", y: "N", n: "N", d: "D" },
  range: "-1, 1",
};

const WRONG: KernelSpec = {
  ...SINE,
  name: "sine_wrong",
  backward: {
    ...SINE.backward!,
    code: SINE.backward!.code.replace("cos(x[i] + params.phase) * dy[i]", "cos(x[i]) * dy[i]"),
  },
};

const BROKEN: KernelSpec = {
  ...SINE,
  name: "sine_broken",
  forward: { ...SINE.forward, code: SINE.forward.code.replace("sin(x[i] + params.phase)", "sin(x[i] + params.fase)") },
};

/** The examples by what the list calls them. */
export const EXAMPLES: Readonly<Record<string, KernelSpec>> = {
  "Sine with a phase": SINE,
  "Affinity of rows to a centre": AFFINITY,
  "A gradient that forgets the phase": WRONG,
  "A line that does not compile": BROKEN,
};
