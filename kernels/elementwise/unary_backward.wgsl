// dx[i] = dy[i] f'(x[i]), i < n, with y = f(x); f by `op`: the constants below; vectors of four
struct Params { n: u32, op: u32, alpha: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;

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

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i * 4u >= params.n) { return; }
  let zero = vec4f(0.0);
  let one = vec4f(1.0);
  let v = x[i];
  let f = y[i];
  var d = one;
  switch params.op {
    case ABS: { d = sign(v); }
    case NEG: { d = -one; }
    case EXP: { d = f; }
    case LOG: { d = one / v; }
    case SQRT: { d = 0.5 / f; }
    case SQUARE: { d = 2.0 * v; }
    case TANH: { d = one - f * f; }
    case SIGMOID: { d = f * (one - f); }
    case RELU: { d = select(zero, one, f > zero); }
    case LEAKY_RELU: { d = select(vec4f(params.alpha), one, v > zero); }
    case SOFTPLUS: { d = one / (one + exp(-v)); }
    case POWER: { d = select(params.alpha * f / v, vec4f(select(0.0, 1.0, params.alpha == 1.0)), v == zero); }
    case SCALE: { d = vec4f(params.alpha); }
    case FLOOR_AT: { d = select(zero, one, v > vec4f(params.alpha)); }
    default: {}
  }
  dx[i] = dy[i] * d;
}
