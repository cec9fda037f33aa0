// y[c, i, t] = scale · Σ_j w[i, j] (a[i, t] - b[j, t]), j in chunk c of `length`; a [n, d], b [m, d], y [chunks, n, d],
// w[i, j] at i·row + j·column, one of which is 1. A workgroup owns 16 x 16 elements of y.
struct Params { n: u32, m: u32, d: u32, chunks: u32, length: u32, row: u32, column: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

var<workgroup> weights: array<f32, 272>; // 17 apart against bank conflicts
var<workgroup> points: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let tile = group.x + group.y * groups.x;
  let tilesD = (params.d + 15u) / 16u;
  let tilesN = (params.n + 15u) / 16u;
  let chunk = tile / (tilesD * tilesN);
  let i0 = ((tile / tilesD) % tilesN) * 16u;
  let t = (tile % tilesD) * 16u + lane % 16u;
  let i = i0 + lane / 16u;
  let first = chunk * params.length;
  let last = min(first + params.length, params.m);
  let live = chunk < params.chunks && i < params.n && t < params.d;
  var here = 0.0;
  if (live) { here = a[i * params.d + t]; }
  // lanes run along the contiguous axis of w
  let along_j = params.column == 1u;
  let wi = select(lane % 16u, lane / 16u, along_j);
  let wj = select(lane / 16u, lane % 16u, along_j);
  var sum = 0.0;
  for (var j0 = first; j0 < last; j0 += 16u) {
    var weight = 0.0;
    var point = 0.0;
    if (i0 + wi < params.n && j0 + wj < last) { weight = w[(i0 + wi) * params.row + (j0 + wj) * params.column]; }
    if (j0 + lane / 16u < last && t < params.d) { point = b[(j0 + lane / 16u) * params.d + t]; }
    workgroupBarrier();
    weights[wi * 17u + wj] = weight;
    points[lane] = point;
    workgroupBarrier();
    var part = 0.0;
    for (var j = 0u; j < 16u; j++) { part += weights[(lane / 16u) * 17u + j] * (here - points[j * 16u + lane % 16u]); }
    sum += part;
  }
  if (live) { y[(chunk * params.n + i) * params.d + t] = sum * params.scale; }
}
