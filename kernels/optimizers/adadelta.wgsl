// g = grad + decay p; v = rho v + (1 - rho) g²; u = g √(d + eps) / √(v + eps); d = rho d + (1 - rho) u²; p -= lr u; n elements, vectors of four
struct Params { n: u32, lr: f32, rho: f32, rest: f32, eps: f32, decay: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> p: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> v: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> d: array<vec4f>;

override size: u32 = 256u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i * 4u >= params.n) { return; }
  let g = grad[i] + params.decay * p[i];
  let second = params.rho * v[i] + params.rest * g * g;
  let u = g * sqrt(d[i] + params.eps) / sqrt(second + params.eps);
  v[i] = second;
  d[i] = params.rho * d[i] + params.rest * u * u;
  p[i] -= params.lr * u;
}
