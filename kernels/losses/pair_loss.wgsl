// parts[c] = scale · Σ_i loss(a[i], b[i]), i in part c of `length` elements (a multiple of 4), i < n; by op (a - b)², |a - b|,
// -b ln a - (1 - b) ln(1 - a), the same of sigmoid(a), or a ln(a / b)
struct Params { n: u32, length: u32, op: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> parts: array<f32>;

// op: the loss
const MSE = 0u;
const MAE = 1u;
const BCE = 2u;
const BCE_WITH_LOGITS = 3u;
const KL_DIVERGENCE = 4u;

const TINY = vec4f(1.1754944e-38);
override size: u32 = 256u;
var<workgroup> partial: array<f32, size>;

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: vec4f) -> vec4<bool> { return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u); }

fn floored(x: vec4f) -> vec4f { return select(max(x, TINY), x, is_nan(x)); }

fn log_positive(x: vec4f) -> vec4f { return select(log(max(x, TINY)), x, is_nan(x)); }

// ln(u / v), by the series of artanh where the quotient is near 1
fn log_ratio(u: vec4f, v: vec4f) -> vec4f {
  let y = (u - v) / (u + v);
  let s = y * y;
  let near = 2.0 * y * (1.0 + s * (0.33333334 + s * (0.2 + s * (0.14285715 + s * 0.11111111))));
  return select(log_positive(u / v), near, abs(y) < vec4f(0.2));
}

fn loss(u: vec4f, v: vec4f) -> vec4f {
  switch params.op {
    case MSE: { return (u - v) * (u - v); }
    case MAE: { return abs(u - v); }
    case BCE: { return -v * log_positive(u) - (1.0 - v) * log_positive(1.0 - u); }
    case BCE_WITH_LOGITS: {
      let e = exp(-abs(u));
      let series = e * (1.0 - e * (0.5 - e * (0.33333334 - e * 0.25)));
      return max(u, vec4f(0.0)) - u * v + select(log(1.0 + e), series, e < vec4f(0.03));
    }
    default: {
      let odd = (bitcast<vec4u>(u) & vec4u(0x7f800000u)) == vec4u(0x7f800000u); // not finite: no probability
      return select(vec4f(0.0), u * log_ratio(floored(u), floored(v)), (u > vec4f(0.0)) | odd);
    }
  }
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let part = group.x + group.y * groups.x;
  let first = part * params.length;
  let last = min(first + params.length, params.n);
  var sum = 0.0;
  for (var i = first + lane * 4u; i < last; i += size * 4u) {
    let inside = vec4u(i, i + 1u, i + 2u, i + 3u) < vec4u(last);
    let v = select(vec4f(0.0), loss(a[i / 4u], b[i / 4u]), inside);
    sum += (v.x + v.y) + (v.z + v.w);
  }
  partial[lane] = sum;
  workgroupBarrier();
  for (var step = size / 2u; step > 0u; step /= 2u) {
    if (lane < step) { partial[lane] += partial[lane + step]; }
    workgroupBarrier();
  }
  if (lane == 0u && first < params.n) { parts[part] = partial[0] * params.scale; }
}
