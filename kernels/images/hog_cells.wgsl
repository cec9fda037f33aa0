// y[i, r, c, k]: mean over the cell of the gradients' lengths in bin k of `bins` equal bins of their unsigned direction; x [n, channels, h, w],
// y [n, rows, columns, bins]. Differences are x[+1] - x[-1], 0 on the border; of several channels the longest gradient counts, the first where
// equal, and NaN before any (in bin 0). directions [bins - 1, 2] are the cosines and sines of the bounds: a gradient on a bound belongs to the bin above it.
struct Params { n: u32, channels: u32, h: u32, w: u32, rows: u32, columns: u32, bins: u32, cell: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> directions: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override size: u32 = 64u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.x + id.y * groups.x * size;
  if (item >= params.n * params.rows * params.columns) { return; }
  let image = item / params.columns / params.rows;
  let top = item / params.columns % params.rows * params.cell;
  let left = item % params.columns * params.cell;
  var sums: array<f32, 64>;
  for (var k = 0u; k < params.bins; k++) { sums[k] = 0.0; }
  for (var r = top; r < top + params.cell; r++) {
    for (var c = left; c < left + params.cell; c++) {
      var dr = 0.0;
      var dc = 0.0;
      var square = -1.0;
      for (var channel = 0u; channel < params.channels; channel++) {
        let at = ((image * params.channels + channel) * params.h + r) * params.w + c;
        var down = 0.0;
        var across = 0.0;
        if (r > 0u && r + 1u < params.h) { down = x[at + params.w] - x[at - params.w]; }
        if (c > 0u && c + 1u < params.w) { across = x[at + 1u] - x[at - 1u]; }
        let s = down * down + across * across;
        if (s > square || (bitcast<u32>(s) & 0x7fffffffu) > 0x7f800000u) {
          square = s;
          dr = down;
          dc = across;
        }
      }
      if (dr < 0.0) {
        dr = -dr;
        dc = -dc;
      }
      var bin = 0u;
      if (dr > 0.0) {
        for (var k = 0u; k + 1u < params.bins; k++) {
          if (directions[2u * k] * dr - directions[2u * k + 1u] * dc >= 0.0) { bin = k + 1u; }
        }
      }
      sums[bin] += sqrt(square);
    }
  }
  for (var k = 0u; k < params.bins; k++) { y[item * params.bins + k] = sums[k] / f32(params.cell * params.cell); }
}
