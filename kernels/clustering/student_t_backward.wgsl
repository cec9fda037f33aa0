// w[i, j] = (alpha + 1) / (alpha + s[i, j]) · v[i, j], s[i, j] = |z_i - mu_j|², so that dz_i = Σ_j w (z_i - mu_j) and dmu_j = Σ_i w (mu_j - z_i);
// for a GRADIENT g of q: v = -q (g - Σ_j g q); for the TARGET p in g of KL(p || q): v = dy[0] scale (p - q Σ_j p); z [n, d], mu [k, d], q, g and w [n, k].
struct Params { n: u32, k: u32, d: u32, op: u32, alpha: f32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read> mu: array<f32>;
@group(0) @binding(3) var<storage, read> q: array<f32>;
@group(0) @binding(4) var<storage, read> g: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;
@group(0) @binding(6) var<storage, read_write> w: array<f32>;

// op: what g is
const GRADIENT = 0u;
const TARGET = 1u;

var<workgroup> rows: array<f32, 256>;
var<workgroup> centres: array<f32, 272>; // transposed, 17 apart against bank conflicts

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = lane / 16u;
  let c = lane % 16u;
  let i = (group.x + group.y * groups.x) * 16u + row;
  let live = i < params.n;
  let d = params.d;
  let k = params.k;
  var sum = 0.0;
  if (live) {
    for (var j = c; j < k; j += 16u) { sum += g[i * k + j] * select(q[i * k + j], 1.0, params.op == TARGET); }
  }
  rows[lane] = sum;
  workgroupBarrier();
  for (var step = 8u; step > 0u; step /= 2u) {
    if (c < step) { rows[lane] += rows[lane + step]; }
    workgroupBarrier();
  }
  let total = rows[lane - c];
  for (var j0 = 0u; j0 < k; j0 += 16u) {
    var s = 0.0;
    for (var t0 = 0u; t0 < d; t0 += 16u) {
      let t = t0 + c;
      var a = 0.0;
      var b = 0.0;
      if (live && t < d) { a = z[i * d + t]; }
      if (j0 + row < k && t < d) { b = mu[(j0 + row) * d + t]; }
      workgroupBarrier();
      rows[lane] = a;
      centres[c * 17u + row] = b;
      workgroupBarrier();
      for (var u = 0u; u < 16u; u++) {
        let difference = rows[row * 16u + u] - centres[u * 17u + c];
        s += difference * difference;
      }
    }
    if (live && j0 + c < k) {
      let at = i * k + j0 + c;
      var v = q[at] * (total - g[at]);
      if (params.op == TARGET) { v = dy[0] * params.scale * (g[at] - q[at] * total); }
      w[at] = v * (params.alpha + 1.0) / (params.alpha + select(min(s, 1e38f), s, is_nan(s)));
    }
  }
}
