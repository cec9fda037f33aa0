// dx[i, j] = dy[0] · scale · (softmax(x)[i, j] - [j = goal[i]]) mass[i], for a DISTRIBUTION softmax(x) mass[i] - goal[i, j]; x and dx [n, k];
// goal, stats and mass as in cross_entropy.wgsl
struct Params { n: u32, k: u32, op: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> goal: array<u32>;
@group(0) @binding(3) var<storage, read> stats: array<f32>;
@group(0) @binding(4) var<storage, read> mass: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<f32>;

// op: what the goal is
const LABELS = 0u;
const DISTRIBUTION = 1u;

override size: u32 = 256u;

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * size;
  if (at >= params.n * params.k) { return; }
  let i = at / params.k;
  let shifted = x[at] - stats[2u * i] - stats[2u * i + 1u];
  let share = select(exp(shifted), shifted, is_nan(shifted));
  var g = 0.0;
  if (params.op == DISTRIBUTION) { g = share * mass[i] - bitcast<f32>(goal[at]); }
  else { g = (share - select(0.0, 1.0, at - i * params.k == goal[i])) * mass[i]; }
  dx[at] = g * (dy[0] * params.scale);
}
