// y[i, r, c, a, b, k] = x[i, r + a, c + b, k] over what the block's norm says; cells x [n, rows, columns, bins], blocks y [n, rows - side + 1,
// columns - side + 1, side, side, bins]. L1: Σ v + 1e-5; L2: √(Σ v² + 1e-10); L2_HYS: L2, the quotients at most 0.2, L2 again.
struct Params { n: u32, rows: u32, columns: u32, bins: u32, side: u32, norm: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const L1 = 0u;
const L2 = 1u;
const L2_HYS = 2u;

override size: u32 = 64u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.x + id.y * groups.x * size;
  let down = params.rows - params.side + 1u;
  let across = params.columns - params.side + 1u;
  if (item >= params.n * down * across) { return; }
  let width = params.side * params.bins;
  let count = params.side * width;
  let start = ((item / across / down * params.rows + item / across % down) * params.columns + item % across) * params.bins;
  let skip = params.columns * params.bins - width;
  let to = item * count;
  var sum = 0.0;
  for (var t = 0u; t < count; t++) {
    let v = x[start + t + t / width * skip];
    y[to + t] = v;
    sum += select(v * v, v, params.norm == L1);
  }
  var share = 1.0 / select(sqrt(sum + 1e-10), sum + 1e-5, params.norm == L1);
  if (params.norm == L2_HYS) {
    sum = 1e-10;
    for (var t = 0u; t < count; t++) {
      var v = y[to + t] * share;
      if (v > 0.2 && (bitcast<u32>(v) & 0x7fffffffu) <= 0x7f800000u) { v = 0.2; }
      y[to + t] = v;
      sum += v * v;
    }
    share = 1.0 / sqrt(sum);
  }
  for (var t = 0u; t < count; t++) { y[to + t] *= share; }
}
