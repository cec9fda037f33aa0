// y[i, c] = x[index[i], c], index [m], x [n, width], y [m, width]; a row whose index is n or more is filled with `outside`.
// Elements are moved as words.
struct Params { m: u32, n: u32, width: u32, outside: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read> index: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<u32>;

override size: u32 = 256u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i >= params.m * params.width) { return; }
  let row = index[i / params.width];
  var word = params.outside;
  if (row < params.n) { word = x[row * params.width + i % params.width]; }
  y[i] = word;
}
