// charges[r,c] = Σ_p B(r − t_p) B(c − s_p) of points (s_p, t_p) in units of the grid, B the cubic B-spline; points [n,2], charges [side,side]
//
// Points lie in the order of their cells (⌊t⌋, ⌊s⌋), starts [side² + 1] where each begins; all are two cells and more away from the rim. An invocation takes
// a node and adds up the points of the sixteen cells about it, in their order.
struct Params { side: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> points: array<f32>;
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read_write> charges: array<f32>;

override size: u32 = 64u;

// B at a distance below 2
fn spline(x: f32) -> f32 {
  let a = abs(x);
  let far = 2.0 - a;
  return select(far * far * far / 6.0, (4.0 - 6.0 * a * a + 3.0 * a * a * a) / 6.0, a < 1.0);
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let node = id.x + id.y * groups.x * size;
  if (node >= params.side * params.side) { return; }
  let r = node / params.side;
  let c = node % params.side;
  let left = max(c, 2u) - 2u;
  let right = min(c + 2u, params.side);
  var sum = 0.0;
  for (var row = max(r, 2u) - 2u; row < min(r + 2u, params.side); row++) {
    let end = starts[row * params.side + right];
    for (var p = starts[row * params.side + left]; p < end; p++) {
      sum += spline(f32(r) - points[2u * p + 1u]) * spline(f32(c) - points[2u * p]);
    }
  }
  charges[node] = sum;
}
