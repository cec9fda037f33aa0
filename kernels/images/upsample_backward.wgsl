// dx[p, r, k] = Σ dy[p, i, j] by the share that x[p, r, k] has in y[p, i, j] (see upsample); dy [planes, h · rows, w · columns], dx [planes, h, w].
// Each element gathers in order.
struct Params { planes: u32, h: u32, w: u32, rows: u32, columns: u32, bilinear: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

override size: u32 = 256u;

// first and last + 1 of the positions to which pixel r contributes
fn reach(r: u32, factor: u32, count: u32) -> vec2u {
  if (params.bilinear == 0u) { return vec2u(r * factor, (r + 1u) * factor); }
  let begin = max(r * factor + factor / 2u, factor) - factor;
  return vec2u(select(begin, 0u, r == 0u), min((r + 1u) * factor + factor / 2u, count * factor));
}

// the share of pixel r in position i
fn share(i: u32, r: u32, factor: u32, count: u32) -> f32 {
  if (params.bilinear == 0u) { return 1.0; }
  let t = max(2u * i + 1u, factor) - factor;
  let first = t / (2u * factor);
  let part = f32(t % (2u * factor)) / f32(2u * factor);
  return select(0.0, 1.0 - part, first == r) + select(0.0, part, min(first + 1u, count - 1u) == r);
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * size;
  let area = params.h * params.w;
  if (at >= params.planes * area) { return; }
  let r = at % area / params.w;
  let c = at % params.w;
  let ow = params.w * params.columns;
  let start = at / area * params.h * params.rows * ow;
  let across = reach(c, params.columns, params.w);
  let down = reach(r, params.rows, params.h);
  var sum = 0.0;
  for (var i = down.x; i < down.y; i++) {
    var row = 0.0;
    for (var j = across.x; j < across.y; j++) { row += dy[start + i * ow + j] * share(j, c, params.columns, params.w); }
    sum += row * share(i, r, params.rows, params.h);
  }
  dx[at] = sum;
}
