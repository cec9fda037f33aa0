// y[b, i] = x[b] at the cell's corner (r, c) and the parts (down, across) from it, linear between pixels; x [b, h, w], cells [n] = (r + 1) << 16 | c + 1,
// all bits outside: NaN; parts [n, 2]; r and c from -1, past the edge the edge's pixel; a corner without a part is left out; NaN where one of the others is.
struct Params { n: u32, b: u32, h: u32, w: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> cells: array<u32>;
@group(0) @binding(3) var<storage, read> parts: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<u32>;

override size: u32 = 256u;

const NOTHING = 0x7fc00000u;

fn is_nan(value: f32) -> bool { return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u; }

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i >= params.n) { return; }
  let cell = cells[i];
  let plane = params.h * params.w;
  if (cell == 0xffffffffu) {
    for (var b = 0u; b < params.b; b++) { y[b * params.n + i] = NOTHING; }
    return;
  }
  let down = parts[2u * i];
  let across = parts[2u * i + 1u];
  let upper = max(cell >> 16u, 1u) - 1u;
  let left = max(cell & 0xffffu, 1u) - 1u;
  let lower = select(upper, min(cell >> 16u, params.h - 1u), down > 0.0);
  let right = select(left, min(cell & 0xffffu, params.w - 1u), across > 0.0);
  for (var b = 0u; b < params.b; b++) {
    let start = b * plane;
    let p = x[start + upper * params.w + left];
    let q = x[start + upper * params.w + right];
    let r = x[start + lower * params.w + left];
    let s = x[start + lower * params.w + right];
    let above = p + across * (q - p);
    let below = r + across * (s - r);
    let value = above + down * (below - above);
    y[b * params.n + i] = select(bitcast<u32>(value), NOTHING, is_nan(p) || is_nan(q) || is_nan(r) || is_nan(s));
  }
}
