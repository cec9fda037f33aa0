// y[p, i, j] of planes at another size: nearest x[p, ⌊i h / oh⌋, ⌊j w / ow⌋]; nearest centre ⌊(i + ½) h / oh⌋; bilinear between
// the centres of pixels, (i + ½) h / oh - ½ clamped at the edges; all places by whole numbers; x [planes, h, w], y [planes, oh, ow]
struct Params { planes: u32, h: u32, w: u32, oh: u32, ow: u32, mode: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

// mode: which pixels a position takes
const NEAREST = 0u;
const NEAREST_EXACT = 1u;
const BILINEAR = 2u;

override size: u32 = 256u;

// the pixel at or before a position, the one after it, and the share of that one
struct Source { first: u32, next: u32, share: f32 }

fn source(i: u32, count: u32, places: u32) -> Source {
  if (params.mode != BILINEAR) {
    let first = select(i * count / places, (2u * i + 1u) * count / (2u * places), params.mode == NEAREST_EXACT);
    return Source(first, first, 0.0);
  }
  let t = max((2u * i + 1u) * count, places) - places;
  let first = t / (2u * places);
  return Source(first, min(first + 1u, count - 1u), f32(t % (2u * places)) / f32(2u * places));
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * size;
  if (at >= params.planes * params.oh * params.ow) { return; }
  let r = source(at / params.ow % params.oh, params.h, params.oh);
  let c = source(at % params.ow, params.w, params.ow);
  let start = at / params.ow / params.oh * params.h * params.w;
  let upper = start + r.first * params.w;
  if (params.mode != BILINEAR) {
    y[at] = x[upper + c.first];
    return;
  }
  let lower = start + r.next * params.w;
  let above = mix(x[upper + c.first], x[upper + c.next], c.share);
  y[at] = mix(above, mix(x[lower + c.first], x[lower + c.next], c.share), r.share);
}
