// dx[i] = dy[i] f'(x[i]), i < n, with y = f(x); f by `op`: the numbering of UNARY in src/ops/elementwise.ts; vectors of four
struct Params { n: u32, op: u32, alpha: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;

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
    default: {}
  }
  dx[i] = dy[i] * d;
}
