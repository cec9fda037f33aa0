// y[p, t, i, j] = x of image p, channel t at (v, u) = maps[p] (i, j, 1) + the image's shifts at that point, linear between pixels, `fill` outside;
// x [n, c, h, w], y [n, c, oh, ow]; a row of maps: 2 x 3 numbers, then (rows + 1) x (columns + 1) shifts (v, u), bilinear over the image where
// rows > 0. An invocation takes a pixel through all channels.
struct Params { n: u32, c: u32, h: u32, w: u32, oh: u32, ow: u32, rows: u32, columns: u32, fill: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> maps: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override size: u32 = 256u;

fn vertex(at: u32) -> vec2f { return vec2f(maps[at], maps[at + 1u]); }

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * size;
  let area = params.oh * params.ow;
  if (at >= params.n * area) { return; }
  let image = at / area;
  let corners = select(0u, 2u * (params.rows + 1u) * (params.columns + 1u), params.rows > 0u);
  let map = image * (6u + corners);
  let i = f32(at % area / params.ow);
  let j = f32(at % params.ow);
  var point = vec2f(maps[map] * i + maps[map + 1u] * j + maps[map + 2u], maps[map + 3u] * i + maps[map + 4u] * j + maps[map + 5u]);
  let extent = vec2f(f32(params.h), f32(params.w));
  if (params.rows > 0u) {
    let cells = vec2f(f32(params.rows), f32(params.columns));
    let place = clamp((point + 0.5) / extent * cells, vec2f(0.0), cells);
    let cell = min(floor(place), cells - 1.0);
    let part = place - cell;
    let upper = map + 6u + 2u * (u32(cell.x) * (params.columns + 1u) + u32(cell.y));
    let lower = upper + 2u * (params.columns + 1u);
    let above = mix(vertex(upper), vertex(upper + 2u), part.y);
    point += mix(above, mix(vertex(lower), vertex(lower + 2u), part.y), part.x);
  }
  let inside = all(point >= vec2f(-0.5)) && all(point < extent - 0.5);
  let held = clamp(point, vec2f(0.0), extent - 1.0);
  let first = floor(held);
  let part = held - first;
  let next = min(first + 1.0, extent - 1.0);
  let upper = u32(first.x) * params.w;
  let lower = u32(next.x) * params.w;
  let left = u32(first.y);
  let right = u32(next.y);
  for (var t = 0u; t < params.c; t++) {
    let plane = (image * params.c + t) * params.h * params.w;
    var value = params.fill;
    if (inside) {
      let above = mix(x[plane + upper + left], x[plane + upper + right], part.y);
      value = mix(above, mix(x[plane + lower + left], x[plane + lower + right], part.y), part.x);
    }
    y[(image * params.c + t) * area + at % area] = value;
  }
}
