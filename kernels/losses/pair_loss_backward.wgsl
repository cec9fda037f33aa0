// dx[i] = dy[0] · scale · ∂loss(a[i], b[i]) / ∂a for side 0, / ∂b for side 1, i < n; op as in pair_loss.wgsl; vectors of four
struct Params { n: u32, op: u32, side: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;

// op: the loss
const MSE = 0u;
const MAE = 1u;
const BCE = 2u;
const BCE_WITH_LOGITS = 3u;
const KL_DIVERGENCE = 4u;

const TINY = vec4f(1.1754944e-38);
override size: u32 = 256u;

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: vec4f) -> vec4<bool> { return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u); }

fn floored(x: vec4f) -> vec4f { return select(max(x, TINY), x, is_nan(x)); }

fn log_positive(x: vec4f) -> vec4f { return select(log(max(x, TINY)), x, is_nan(x)); }

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i * 4u >= params.n) { return; }
  let u = a[i];
  let v = b[i];
  let first = params.side == 0u;
  var g = vec4f(0.0);
  switch params.op {
    case MSE: { g = 2.0 * (u - v); if (!first) { g = -g; } }
    case MAE: { g = sign(u - v); if (!first) { g = -g; } }
    case BCE: {
      if (first) { g = (u - v) / max(u * (1.0 - u), vec4f(1e-12)); }
      else { g = log_positive(1.0 - u) - log_positive(u); }
    }
    case BCE_WITH_LOGITS: {
      let e = exp(-abs(u));
      if (first) { g = select(select(e, vec4f(1.0), u >= vec4f(0.0)) / (1.0 + e), u, is_nan(u)) - v; } else { g = -u; }
    }
    default: {
      if (first) { g = select(vec4f(0.0), 1.0 + log_positive(floored(u) / floored(v)), (u > vec4f(0.0)) | is_nan(u)); }
      else { g = -u / floored(v); }
    }
  }
  dx[i] = g * (dy[0] * params.scale);
}
