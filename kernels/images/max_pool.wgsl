// y[p, i, j] = maximum of window (i, j) of plane p, and its place in the plane, the first of equals; padding is not looked at; x [planes, h, w],
// y and index [planes, oh, ow]
struct Params { planes: u32, h: u32, w: u32, oh: u32, ow: u32, kh: u32, kw: u32, sh: u32, sw: u32, ph: u32, pw: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> index: array<u32>;

override size: u32 = 256u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * size;
  if (at >= params.planes * params.oh * params.ow) { return; }
  let j = at % params.ow;
  let i = at / params.ow % params.oh;
  let start = at / params.ow / params.oh * params.h * params.w;
  let top = max(i * params.sh, params.ph) - params.ph;
  let left = max(j * params.sw, params.pw) - params.pw;
  let bottom = min(i * params.sh + params.kh - params.ph, params.h);
  let right = min(j * params.sw + params.kw - params.pw, params.w);
  var place = top * params.w + left;
  var best = x[start + place];
  for (var r = top; r < bottom; r++) {
    for (var k = left; k < right; k++) {
      let v = x[start + r * params.w + k];
      let not_a_number = (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; // not a number: passed on
      if (v > best || not_a_number) {
        best = v;
        place = r * params.w + k;
      }
    }
  }
  y[at] = best;
  index[at] = place;
}
