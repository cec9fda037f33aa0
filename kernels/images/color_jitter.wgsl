// y = x by image: brightness b x, contrast m + k (v - m) about the mean grey m of the image, saturation g + s (v - g) about the pixel's grey g, hue
// turned by d, each clamped to [low, high]; x and y [n, c, s], a row of factors b, k, s, d; saturation and hue where c is 3. A workgroup an image.
struct Params { n: u32, c: u32, s: u32, low: f32, high: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> factors: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override size: u32 = 256u;
var<workgroup> partial: array<f32, size>;

const GREY = vec3f(0.299, 0.587, 0.114);

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }
fn is_nan3(v: vec3f) -> vec3<bool> { return (bitcast<vec3u>(v) & vec3u(0x7fffffffu)) > vec3u(0x7f800000u); }

fn bound(v: f32) -> f32 { return select(clamp(v, params.low, params.high), v, is_nan(v)); }
fn bound3(v: vec3f) -> vec3f { return select(clamp(v, vec3f(params.low), vec3f(params.high)), v, is_nan3(v)); }

// the colour of a pixel with its hue turned: v - chroma max(0, min(k, 4 - k, 1)), k = (n + 6 hue) mod 6 for n = 5, 3, 1
fn turned(rgb: vec3f, by: f32) -> vec3f {
  if (any(is_nan3(rgb))) { return vec3f(rgb.r + rgb.g + rgb.b); }
  let value = max(rgb.r, max(rgb.g, rgb.b));
  let chroma = value - min(rgb.r, min(rgb.g, rgb.b));
  if (chroma == 0.0) { return rgb; }
  let hue = select(select(4.0 + (rgb.r - rgb.g) / chroma, 2.0 + (rgb.b - rgb.r) / chroma, value == rgb.g), (rgb.g - rgb.b) / chroma, value == rgb.r);
  let raw = vec3f(5.0, 3.0, 1.0) + hue + 6.0 * by;
  let k = raw - 6.0 * floor(raw / 6.0);
  return value - chroma * clamp(min(k, 4.0 - k), vec3f(0.0), vec3f(1.0));
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let image = group.x + group.y * groups.x;
  let live = image < params.n;
  let count = select(0u, params.s, live);
  let row = min(image, params.n - 1u);
  let brightness = factors[4u * row];
  let contrast = factors[4u * row + 1u];
  let saturation = factors[4u * row + 2u];
  let turn = factors[4u * row + 3u];
  let start = row * params.c * params.s;
  var sum = 0.0;
  for (var t = 0u; t < params.c; t++) {
    var plane = 0.0;
    for (var p = lane; p < count; p += size) { plane += bound(brightness * x[start + t * params.s + p]); }
    sum += plane * select(1.0 / f32(params.c), GREY[min(t, 2u)], params.c == 3u);
  }
  partial[lane] = sum;
  workgroupBarrier();
  for (var step = size / 2u; step > 0u; step /= 2u) {
    if (lane < step) { partial[lane] += partial[lane + step]; }
    workgroupBarrier();
  }
  let mean = partial[0] / f32(params.s);
  for (var p = lane; p < count; p += size) {
    if (params.c == 3u) {
      var rgb = vec3f(x[start + p], x[start + params.s + p], x[start + 2u * params.s + p]);
      rgb = bound3(mean + contrast * (bound3(brightness * rgb) - mean));
      let grey = dot(GREY, rgb);
      rgb = turned(bound3(grey + saturation * (rgb - grey)), turn);
      y[start + p] = rgb.r;
      y[start + params.s + p] = rgb.g;
      y[start + 2u * params.s + p] = rgb.b;
    } else {
      for (var t = 0u; t < params.c; t++) {
        let at = start + t * params.s + p;
        y[at] = bound(mean + contrast * (bound(brightness * x[at]) - mean));
      }
    }
  }
}
