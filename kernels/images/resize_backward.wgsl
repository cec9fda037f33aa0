// dx[p, r, k] = Σ dy[p, i, j] by the share that x[p, r, k] has in y[p, i, j] (see resize); dy [planes, oh, ow], dx [planes, h, w].
// Each element gathers in order.
struct Params { planes: u32, h: u32, w: u32, oh: u32, ow: u32, mode: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

// mode: which pixels a position takes
const NEAREST = 0u;
const NEAREST_EXACT = 1u;
const BILINEAR = 2u;

override size: u32 = 256u;

// first and last + 1 of the positions to which pixel r can contribute
fn reach(r: u32, count: u32, places: u32) -> vec2u {
  let begin = select((max((2u * r - 1u) * places, count) - count) / (2u * count), 0u, r == 0u);
  return vec2u(begin, min(((2u * r + 3u) * places + 2u * count - 1u) / (2u * count), places));
}

// the share of pixel r in position i
fn share(i: u32, r: u32, count: u32, places: u32) -> f32 {
  if (params.mode != BILINEAR) {
    let first = select(i * count / places, (2u * i + 1u) * count / (2u * places), params.mode == NEAREST_EXACT);
    return select(0.0, 1.0, first == r);
  }
  let t = max((2u * i + 1u) * count, places) - places;
  let first = t / (2u * places);
  let part = f32(t % (2u * places)) / f32(2u * places);
  return select(0.0, 1.0 - part, first == r) + select(0.0, part, min(first + 1u, count - 1u) == r);
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * size;
  let area = params.h * params.w;
  if (at >= params.planes * area) { return; }
  let r = at % area / params.w;
  let c = at % params.w;
  let start = at / area * params.oh * params.ow;
  let across = reach(c, params.w, params.ow);
  let down = reach(r, params.h, params.oh);
  var sum = 0.0;
  for (var i = down.x; i < down.y; i++) {
    let weight = share(i, r, params.h, params.oh);
    if (weight == 0.0) { continue; }
    var row = 0.0;
    for (var j = across.x; j < across.y; j++) { row += dy[start + i * params.ow + j] * share(j, c, params.w, params.ow); }
    sum += row * weight;
  }
  dx[at] = sum;
}
