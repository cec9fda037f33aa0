// y[i, j] = Σ_t (a[i, t] - b[j, t])², by differences, so that close points keep their digits; a [n, d], b [m, d], y [n, m].
// A workgroup owns 64 x 64 elements of y, an invocation 4 x 4 of them, sixteen apart.
struct Params { n: u32, m: u32, d: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

var<workgroup> rows: array<f32, 1040>; // transposed, 65 apart against bank conflicts
var<workgroup> columns: array<f32, 1040>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let tile = group.x + group.y * groups.x;
  let tiles = (params.m + 63u) / 64u;
  let i0 = (tile / tiles) * 64u + lane / 16u;
  let j0 = (tile % tiles) * 64u;
  let c = lane % 16u;
  let r = lane / 16u;
  var s0 = vec4f(0.0);
  var s1 = vec4f(0.0);
  var s2 = vec4f(0.0);
  var s3 = vec4f(0.0);
  for (var t0 = 0u; t0 < params.d; t0 += 16u) {
    workgroupBarrier();
    let t = t0 + c;
    for (var step = 0u; step < 64u; step += 16u) {
      var u = 0.0;
      var v = 0.0;
      if (t < params.d) {
        if (i0 + step < params.n) { u = a[(i0 + step) * params.d + t]; }
        if (j0 + r + step < params.m) { v = b[(j0 + r + step) * params.d + t]; }
      }
      rows[c * 65u + r + step] = u;
      columns[c * 65u + r + step] = v;
    }
    workgroupBarrier();
    for (var at = 0u; at < 1040u; at += 65u) {
      let v = vec4f(columns[at + c], columns[at + c + 16u], columns[at + c + 32u], columns[at + c + 48u]);
      let d0 = rows[at + r] - v;
      let d1 = rows[at + r + 16u] - v;
      let d2 = rows[at + r + 32u] - v;
      let d3 = rows[at + r + 48u] - v;
      s0 += d0 * d0;
      s1 += d1 * d1;
      s2 += d2 * d2;
      s3 += d3 * d3;
    }
  }
  for (var q = 0u; q < 4u; q++) {
    let j = j0 + c + 16u * q;
    if (j >= params.m) { break; }
    if (i0 < params.n) { y[i0 * params.m + j] = s0[q]; }
    if (i0 + 16u < params.n) { y[(i0 + 16u) * params.m + j] = s1[q]; }
    if (i0 + 32u < params.n) { y[(i0 + 32u) * params.m + j] = s2[q]; }
    if (i0 + 48u < params.n) { y[(i0 + 48u) * params.m + j] = s3[q]; }
  }
}
