// y[i] = f(a[ia], b[ib]) over four axes of sizes d0..d3, with strides that are 0 along broadcast axes; f by `op`
struct Params {
  n: u32, op: u32, d1: u32, d2: u32, d3: u32,
  a0: u32, a1: u32, a2: u32, a3: u32,
  b0: u32, b1: u32, b2: u32, b3: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

// op: the function; POW for a > 0 (NaN below 0), FIRST is a
const ADD = 0u;
const SUB = 1u;
const MUL = 2u;
const DIV = 3u;
const POW = 4u;
const MAXIMUM = 5u;
const MINIMUM = 6u;
const FIRST = 7u;
const EQUAL = 8u;
const GREATER = 9u;

override size: u32 = 256u;

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

// NaN of any number
fn not_a_number(v: f32) -> f32 { return bitcast<f32>(bitcast<u32>(v) | 0x7fc00000u); }

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i >= params.n) { return; }
  let i3 = i % params.d3;
  let r2 = i / params.d3;
  let i2 = r2 % params.d2;
  let r1 = r2 / params.d2;
  let i1 = r1 % params.d1;
  let i0 = r1 / params.d1;
  let u = a[i0 * params.a0 + i1 * params.a1 + i2 * params.a2 + i3 * params.a3];
  let v = b[i0 * params.b0 + i1 * params.b1 + i2 * params.b2 + i3 * params.b3];
  var r = u + v;
  switch params.op {
    case SUB: { r = u - v; }
    case MUL: { r = u * v; }
    case DIV: { r = u / v; }
    case POW: { r = select(exp(v * log(max(u, 1.1754944e-38))), not_a_number(u), u < 0.0); }
    case MAXIMUM: { r = max(u, v); }
    case MINIMUM: { r = min(u, v); }
    case FIRST: { r = u; }
    case EQUAL: { r = select(0.0, 1.0, u == v && !is_nan(u) && !is_nan(v)); }
    case GREATER: { r = select(0.0, 1.0, u > v && !is_nan(u) && !is_nan(v)); }
    default: {}
  }
  if (params.op < FIRST) { r = select(select(r, v, is_nan(v)), u, is_nan(u)); }
  y[i] = r;
}
