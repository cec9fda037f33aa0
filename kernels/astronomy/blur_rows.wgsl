// sums[b, i, j] = Σ_t weights[b, t] x[b, i, j + t - radii[b]] over the numbers, shares[b, i, j] = Σ_t of their weights; x [b, h, w], weights [b, k].
// Beyond the edge, by mode: `fill`, the edge's pixel, mirrored about the edge, or from the other side. replace: NaN counts as `fill`.
struct Params { b: u32, h: u32, w: u32, k: u32, mode: u32, replace: u32, fill: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> radii: array<u32>;
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;
@group(0) @binding(5) var<storage, read_write> shares: array<f32>;

// mode: what lies beyond the edge
const FILL = 0u;
const EXTEND = 1u;
const REFLECT = 2u;
const WRAP = 3u;

override size: u32 = 256u;

fn is_nan(value: f32) -> bool { return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u; }

/// The column that stands for column j, which may lie beyond the edge.
fn column(j: i32) -> u32 {
  let w = i32(params.w);
  if (params.mode == EXTEND) { return u32(clamp(j, 0, w - 1)); }
  let period = select(w, 2 * w, params.mode == REFLECT);
  let m = ((j % period) + period) % period;
  return u32(select(m, 2 * w - 1 - m, m >= w));
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * size;
  if (at >= params.b * params.h * params.w) { return; }
  let band = at / (params.h * params.w);
  let j = i32(at % params.w);
  let start = at - u32(j);
  let r = i32(radii[band]);
  var sum = 0.0;
  var share = 0.0;
  for (var t = -r; t <= r; t++) {
    let weight = weights[band * params.k + u32(t + r)];
    var value = params.fill;
    let inside = j + t >= 0 && j + t < i32(params.w);
    if (inside || params.mode != FILL) { value = x[start + column(j + t)]; }
    if (is_nan(value)) {
      if (params.replace == 0u) { continue; }
      value = params.fill;
    }
    sum += weight * value;
    share += weight;
  }
  sums[at] = sum;
  shares[at] = share;
}
