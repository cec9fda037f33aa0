// g = grad + l2 p; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g²; p = keep p - rate m / (√v correction + eps); n elements,
// vectors of four. rate = lr / (1 - beta1^t), correction = 1 / √(1 - beta2^t); keep = 1 - lr decay (AdamW), else 1
struct Params { n: u32, beta1: f32, beta2: f32, rest1: f32, rest2: f32, rate: f32, correction: f32, eps: f32, l2: f32, keep: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> p: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> v: array<vec4f>;

override size: u32 = 256u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i * 4u >= params.n) { return; }
  let weight = p[i];
  let g = grad[i] + params.l2 * weight;
  let first = params.beta1 * m[i] + params.rest1 * g;
  let second = params.beta2 * v[i] + params.rest2 * g * g;
  m[i] = first;
  v[i] = second;
  p[i] = params.keep * weight - params.rate * first / (sqrt(second) * params.correction + params.eps);
}
