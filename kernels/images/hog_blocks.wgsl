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

// at most 0.2; what is not a number passes on
fn clipped(v: f32) -> f32 {
  let not_a_number = (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u;
  return select(v, 0.2, v > 0.2 && !not_a_number);
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.x + id.y * groups.x * size;
  let down = params.rows - params.side + 1u;
  let across = params.columns - params.side + 1u;
  if (item >= params.n * down * across) { return; }
  let width = params.side * params.bins;
  let start = ((item / across / down * params.rows + item / across % down) * params.columns + item % across) * params.bins;
  let out = item * params.side * width;
  var sum = 0.0;
  for (var a = 0u; a < params.side; a++) {
    let first = start + a * params.columns * params.bins;
    for (var t = 0u; t < width; t++) {
      let v = x[first + t];
      sum += select(v * v, v, params.norm == L1);
    }
  }
  var share = 0.0;
  if (params.norm == L1) { share = 1.0 / (sum + 1e-5); } else { share = 1.0 / sqrt(sum + 1e-10); }
  var again = 1.0;
  if (params.norm == L2_HYS) {
    var squares = 0.0;
    for (var a = 0u; a < params.side; a++) {
      let first = start + a * params.columns * params.bins;
      for (var t = 0u; t < width; t++) {
        let v = clipped(x[first + t] * share);
        squares += v * v;
      }
    }
    again = 1.0 / sqrt(squares + 1e-10);
  }
  for (var a = 0u; a < params.side; a++) {
    let first = start + a * params.columns * params.bins;
    for (var t = 0u; t < width; t++) {
      let v = x[first + t] * share;
      y[out + a * width + t] = select(v, clipped(v) * again, params.norm == L2_HYS);
    }
  }
}
