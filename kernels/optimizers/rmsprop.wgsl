// g = grad + decay p; v = alpha v + (1 - alpha) g²; step = g / (√v + eps); with momentum b = momentum b + step, step = b; p -= lr step;
// n elements, vectors of four. Without momentum `velocity` (b) is left alone.
struct Params { n: u32, lr: f32, alpha: f32, rest: f32, eps: f32, momentum: f32, decay: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> p: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> v: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> velocity: array<vec4f>;

override size: u32 = 256u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i * 4u >= params.n) { return; }
  let g = grad[i] + params.decay * p[i];
  let second = params.alpha * v[i] + params.rest * g * g;
  v[i] = second;
  var step = g / (sqrt(second) + params.eps);
  if (params.momentum != 0.0) {
    step += params.momentum * velocity[i];
    velocity[i] = step;
  }
  p[i] -= params.lr * step;
}
