// y[y_first + Σ i_k yk] = x[x_first + Σ i_k xk] for each point of a box of sizes d0..d5 with n points: slices, concatenation, padding,
// any permutation of axes. Elements are moved as words.
struct Params {
  n: u32, d1: u32, d2: u32, d3: u32, d4: u32, d5: u32,
  x_first: u32, x0: u32, x1: u32, x2: u32, x3: u32, x4: u32, x5: u32,
  y_first: u32, y0: u32, y1: u32, y2: u32, y3: u32, y4: u32, y5: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

override size: u32 = 256u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i >= params.n) { return; }
  let i5 = i % params.d5;
  var rest = i / params.d5;
  let i4 = rest % params.d4;
  rest /= params.d4;
  let i3 = rest % params.d3;
  rest /= params.d3;
  let i2 = rest % params.d2;
  rest /= params.d2;
  let i1 = rest % params.d1;
  let i0 = rest / params.d1;
  let source = params.x_first + i0 * params.x0 + i1 * params.x1 + i2 * params.x2 + i3 * params.x3 + i4 * params.x4 + i5 * params.x5;
  let destination = params.y_first + i0 * params.y0 + i1 * params.y1 + i2 * params.y2 + i3 * params.y3 + i4 * params.y4 + i5 * params.y5;
  y[destination] = x[source];
}
