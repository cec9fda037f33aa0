// y[i] = f(x[i]), i < n; f by `op`: the constants below; vectors of four
struct Params { n: u32, op: u32, alpha: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

// op: the function
const ABS = 0u;
const NEG = 1u;
const EXP = 2u;
const LOG = 3u;
const SQRT = 4u;
const SQUARE = 5u;
const TANH = 6u;
const SIGMOID = 7u;
const RELU = 8u;
const LEAKY_RELU = 9u;
const SOFTPLUS = 10u;
const POWER = 11u;
const SCALE = 12u;
const SHIFT = 13u;
const FLOOR_AT = 14u;
const SIN = 15u;
const COS = 16u;

override size: u32 = 256u;

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: vec4f) -> vec4<bool> { return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u); }

// NaN of any number
fn not_a_number(v: vec4f) -> vec4f { return bitcast<vec4f>(bitcast<vec4u>(v) | vec4u(0x7fc00000u)); }

fn sigmoid(v: vec4f) -> vec4f {
  let e = exp(-abs(v));
  return select(e, vec4f(1.0), v >= vec4f(0.0)) / (1.0 + e);
}

// tanh by exp(-2|v|), and by its series near 0, where the quotient cancels
fn tangent(v: vec4f) -> vec4f {
  let e = exp(-2.0 * abs(v));
  let far = sign(v) * (1.0 - e) / (1.0 + e);
  let s = v * v;
  let near = v * (1.0 + s * (-0.33333334 + s * (0.13333334 + s * (-0.053968254 + s * 0.021869488))));
  return select(far, near, abs(v) < vec4f(0.25));
}

// ln(1 + e^v) = max(v, 0) + log1p(e^-|v|), log1p by its series where 1 + e rounds
fn softplus(v: vec4f) -> vec4f {
  let e = exp(-abs(v));
  let series = e * (1.0 - e * (0.5 - e * (0.33333334 - e * 0.25)));
  return max(v, vec4f(0.0)) + select(log(1.0 + e), series, e < vec4f(0.03));
}

// x^alpha: small whole exponents by multiplication, others by exp(alpha ln|x|) with the sign of odd powers
fn power(v: vec4f, alpha: f32) -> vec4f {
  if (alpha == 0.0) { return vec4f(1.0); }
  if (alpha == 1.0) { return v; }
  if (alpha == 2.0) { return v * v; }
  if (alpha == 3.0) { return v * v * v; }
  if (alpha == 4.0) { return (v * v) * (v * v); }
  if (alpha == -1.0) { return 1.0 / v; }
  if (alpha == -2.0) { return 1.0 / (v * v); }
  if (alpha == 0.5) { return sqrt(v); }
  if (alpha == -0.5) { return 1.0 / sqrt(v); }
  let magnitude = exp(alpha * log(max(abs(v), vec4f(1.1754944e-38))));
  let odd = abs(alpha - 2.0 * floor(alpha * 0.5)) == 1.0;
  let signed = select(magnitude, -magnitude, (v < vec4f(0.0)) & vec4<bool>(odd));
  return select(signed, vec4f(0.0), (v == vec4f(0.0)) & vec4<bool>(alpha > 0.0));
}

// sin and cos by the half wave that x lies in, the angle less a multiple of pi in three parts: WGSL's own are exact to 2^-11 only
fn half_wave(v: vec4f, whole: vec4f, n: vec4f) -> vec4f {
  let r = fma(n, vec4f(-1.509958e-7), fma(n, vec4f(-0.0009675026), fma(n, vec4f(-3.140625), v)));
  let s = r * r;
  let p = -0.16666667 + s * (0.008333331 + s * (-0.00019840863 + s * (2.7525136e-6 - s * 2.3884933e-8)));
  let f = r + s * r * p;
  return select(f, -f, abs(whole - 2.0 * floor(whole * 0.5)) == vec4f(1.0));
}

fn sine(v: vec4f) -> vec4f {
  let n = round(v * 0.31830987);
  return half_wave(v, n, n);
}

fn cosine(v: vec4f) -> vec4f {
  let n = round(v * 0.31830987 - 0.5);
  return -half_wave(v, n, n + 0.5);
}

// ln x; of numbers below the normal ones, which not every adapter knows, by a multiple of them; -infinity at 0
fn logarithm(v: vec4f) -> vec4f {
  let small = v < vec4f(1.1754944e-38);
  let normal = select(v, v * 8388608.0, small);
  let r = log(normal) - select(vec4f(0.0), vec4f(15.942385), small);
  let infinite = bitcast<vec4f>((bitcast<vec4u>(v) & vec4u(0u)) | vec4u(0xff800000u));
  return select(select(r, infinite, normal == vec4f(0.0)), not_a_number(v), v < vec4f(0.0));
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i * 4u >= params.n) { return; }
  let v = x[i];
  var r = v;
  switch params.op {
    case ABS: { r = abs(v); }
    case NEG: { r = -v; }
    case EXP: { r = exp(v); }
    case LOG: { r = logarithm(v); }
    case SQRT: { r = select(sqrt(v), not_a_number(v), v < vec4f(0.0)); }
    case SQUARE: { r = v * v; }
    case TANH: { r = tangent(v); }
    case SIGMOID: { r = sigmoid(v); }
    case RELU: { r = max(v, vec4f(0.0)); }
    case LEAKY_RELU: { r = select(v * params.alpha, v, v > vec4f(0.0)); }
    case SOFTPLUS: { r = softplus(v); }
    case POWER: { r = power(v, params.alpha); }
    case SCALE: { r = v * params.alpha; }
    case SHIFT: { r = v + params.alpha; }
    case FLOOR_AT: { r = max(v, vec4f(params.alpha)); }
    case SIN: { r = sine(v); }
    case COS: { r = cosine(v); }
    default: {}
  }
  y[i] = select(r, v, is_nan(v));
}
