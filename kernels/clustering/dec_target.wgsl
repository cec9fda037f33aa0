// p[i, j] = (q² / f_j) / Σ_j (q² / f_j), 0 for a column of no mass; q and p [n, k], f [k]. A workgroup owns 16 rows, sixteen lanes a row.
struct Params { n: u32, k: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> f: array<f32>;
@group(0) @binding(3) var<storage, read_write> p: array<f32>;

const TINY = 1.1754944e-38;
var<workgroup> partial: array<f32, 256>;

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_finite(v: f32) -> bool { return (bitcast<u32>(v) & 0x7f800000u) != 0x7f800000u; }
fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let c = lane % 16u;
  let i = (group.x + group.y * groups.x) * 16u + lane / 16u;
  var total = 0.0;
  if (i < params.n) {
    for (var j = c; j < params.k; j += 16u) {
      let share = q[i * params.k + j];
      let mass = f[j];
      let counted = mass >= TINY || !is_finite(mass) || !is_finite(share);
      let sharpened = select(0.0, share * (share / mass), counted);
      p[i * params.k + j] = sharpened;
      total += sharpened;
    }
  }
  partial[lane] = total;
  workgroupBarrier();
  for (var step = 8u; step > 0u; step /= 2u) {
    if (c < step) { partial[lane] += partial[lane + step]; }
    workgroupBarrier();
  }
  if (i < params.n) {
    let sum = select(max(partial[lane - c], TINY), partial[lane - c], is_nan(partial[lane - c]));
    for (var j = c; j < params.k; j += 16u) { p[i * params.k + j] /= sum; }
  }
}
