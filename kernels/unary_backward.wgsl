// dx[i] = dy[i] f'(x[i]), i < n, with y = f(x); f by `op`: the numbering of UNARY in src/ops/elementwise.ts; vectors of four
struct Params { n: u32, op: u32, alpha: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;

override size: u32 = 256u;

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
    case 0u: { d = sign(v); }
    case 1u: { d = -one; }
    case 2u: { d = f; }
    case 3u: { d = one / v; }
    case 4u: { d = 0.5 / f; }
    case 5u: { d = 2.0 * v; }
    case 6u: { d = one - f * f; }
    case 7u: { d = f * (one - f); }
    case 8u: { d = select(zero, one, f > zero); }
    case 9u: { d = select(vec4f(params.alpha), one, v > zero); }
    case 10u: { d = one / (one + exp(-v)); }
    case 11u: { d = select(params.alpha * f / v, vec4f(select(0.0, 1.0, params.alpha == 1.0)), v == zero); }
    case 12u: { d = vec4f(params.alpha); }
    case 14u: { d = select(zero, one, v > vec4f(params.alpha)); }
    case 15u: { d = cosine(v); }
    case 16u: { d = -sine(v); }
    default: {}
  }
  dx[i] = dy[i] * d;
}
