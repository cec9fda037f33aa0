// y[p, i, j] of planes enlarged by whole factors: nearest, x[p, i / rows, j / columns], or bilinear between the centres of pixels, clamped at the
// edges; x [planes, h, w], y [planes, h · rows, w · columns]
struct Params { planes: u32, h: u32, w: u32, rows: u32, columns: u32, bilinear: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

override size: u32 = 256u;

// the pixel at or before position i / factor, and the share of the next one
struct Source { first: u32, next: u32, share: f32 }

fn source(i: u32, factor: u32, count: u32) -> Source {
  if (params.bilinear == 0u) { return Source(i / factor, i / factor, 0.0); }
  let t = max(2u * i + 1u, factor) - factor;
  let first = t / (2u * factor);
  return Source(first, min(first + 1u, count - 1u), f32(t % (2u * factor)) / f32(2u * factor));
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * size;
  let oh = params.h * params.rows;
  let ow = params.w * params.columns;
  if (at >= params.planes * oh * ow) { return; }
  let r = source(at / ow % oh, params.rows, params.h);
  let c = source(at % ow, params.columns, params.w);
  let start = at / ow / oh * params.h * params.w;
  if (params.bilinear == 0u) {
    y[at] = x[start + r.first * params.w + c.first];
    return;
  }
  let upper = start + r.first * params.w;
  let lower = start + r.next * params.w;
  let above = mix(x[upper + c.first], x[upper + c.next], c.share);
  y[at] = mix(above, mix(x[lower + c.first], x[lower + c.next], c.share), r.share);
}
