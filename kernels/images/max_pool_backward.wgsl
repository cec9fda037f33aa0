// dx[p, r, k] = Σ dy over the windows whose maximum is at (r, k); index and dy [planes, oh, ow], dx [planes, h, w]. Each element gathers from
// the windows that cover it, in order.
struct Params { planes: u32, h: u32, w: u32, oh: u32, ow: u32, kh: u32, kw: u32, sh: u32, sw: u32, ph: u32, pw: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> index: array<u32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

override size: u32 = 256u;

// first and last + 1 of the windows along an axis that cover position r
fn windows(r: u32, kernel: u32, stride: u32, padding: u32, count: u32) -> vec2u {
  let end = r + padding;
  let begin = select(0u, (end - kernel) / stride + 1u, end >= kernel);
  return vec2u(begin, min(end / stride + 1u, count));
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * size;
  let area = params.h * params.w;
  if (at >= params.planes * area) { return; }
  let place = at % area;
  let start = at / area * params.oh * params.ow;
  let rows = windows(place / params.w, params.kh, params.sh, params.ph, params.oh);
  let columns = windows(place % params.w, params.kw, params.sw, params.pw, params.ow);
  var sum = 0.0;
  for (var i = rows.x; i < rows.y; i++) {
    for (var j = columns.x; j < columns.y; j++) {
      let window = start + i * params.ow + j;
      if (index[window] == place) { sum += dy[window]; }
    }
  }
  dx[at] = sum;
}
