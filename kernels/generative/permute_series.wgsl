// y[o, i, j] = x[o, p, j] with p = places[o · inner + j, i], or y[o, p, j] = x[o, i, j] for inverse 1; x, y [outer, n, inner], places [series, padded]
struct Params { series: u32, n: u32, inner: u32, padded: u32, inverse: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read> places: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<u32>;

override size: u32 = 256u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * size;
  if (at >= params.series * params.n) { return; }
  let i = at / params.inner % params.n;
  let series = at / params.inner / params.n * params.inner + at % params.inner;
  let start = at - i * params.inner;
  let other = start + places[series * params.padded + i] * params.inner;
  if (params.inverse == 0u) { y[at] = x[other]; } else { y[other] = x[at]; }
}
