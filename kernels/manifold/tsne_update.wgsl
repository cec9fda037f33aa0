// g = 4 (exaggeration · attraction − repulsion / z); gain ← max(gain + 0.2 where step · g < 0 else 0.8 gain, least); step ← momentum step − rate gain g;
// moved = y + step
//
// attraction[i · stride + c], repulsion[i · apart + shift + c], all else [n,dim]; z [1]; an invocation an element.
struct Params { n: u32, dim: u32, stride: u32, apart: u32, shift: u32, exaggeration: f32, momentum: f32, rate: f32, least: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> attraction: array<f32>;
@group(0) @binding(3) var<storage, read> repulsion: array<f32>;
@group(0) @binding(4) var<storage, read> z: array<f32>;
@group(0) @binding(5) var<storage, read_write> moved: array<f32>;
@group(0) @binding(6) var<storage, read_write> steps: array<f32>;
@group(0) @binding(7) var<storage, read_write> gains: array<f32>;

override size: u32 = 64u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * size;
  if (at >= params.n * params.dim) { return; }
  let i = at / params.dim;
  let c = at % params.dim;
  let pull = params.exaggeration * attraction[i * params.stride + c];
  let g = 4.0 * (pull - repulsion[i * params.apart + params.shift + c] / z[0]);
  let gain = max(select(0.8 * gains[at], gains[at] + 0.2, steps[at] * g < 0.0), params.least);
  let step = params.momentum * steps[at] - params.rate * gain * g;
  gains[at] = gain;
  steps[at] = step;
  moved[at] = y[at] + step;
}
