// g = grad + decay p; v = momentum v + g; p -= lr v, or with Nesterov's form p -= lr (g + momentum v); n elements, vectors of four
struct Params { n: u32, nesterov: u32, lr: f32, momentum: f32, decay: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> p: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> velocity: array<vec4f>;

override size: u32 = 256u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i * 4u >= params.n) { return; }
  let g = grad[i] + params.decay * p[i];
  let v = params.momentum * velocity[i] + g;
  velocity[i] = v;
  p[i] -= params.lr * select(v, g + params.momentum * v, params.nesterov == 1u);
}
