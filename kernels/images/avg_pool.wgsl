// y[p, i, j] = Σ of window (i, j) of plane p / (kh · kw), padding counted as zeros; x [planes, h, w], y [planes, oh, ow]
struct Params { planes: u32, h: u32, w: u32, oh: u32, ow: u32, kh: u32, kw: u32, sh: u32, sw: u32, ph: u32, pw: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

override size: u32 = 256u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * size;
  if (at >= params.planes * params.oh * params.ow) { return; }
  let j = at % params.ow;
  let i = at / params.ow % params.oh;
  let start = at / params.ow / params.oh * params.h * params.w;
  let bottom = min(i * params.sh + params.kh - params.ph, params.h);
  let right = min(j * params.sw + params.kw - params.pw, params.w);
  var sum = 0.0;
  for (var r = max(i * params.sh, params.ph) - params.ph; r < bottom; r++) {
    for (var k = max(j * params.sw, params.pw) - params.pw; k < right; k++) { sum += x[start + r * params.w + k]; }
  }
  y[at] = sum / f32(params.kh * params.kw);
}
