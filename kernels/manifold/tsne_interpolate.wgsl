// forces[i] = (0, 0, −½ ∇φ(y_i)), sums[i] = (φ(y_i), 0), φ = Σ field[r,c] B(r − t) B(c − s) less what the point itself adds; y [n,2], field [side,side]
//
// B is the cubic B-spline, (s, t) = (y − corner) / step. response [4,4]: the field of one charge on a node, at the nodes from 0 to 3 away along either axis; a
// point's own part follows from it exactly. For a field of 1 / (1 + r²) these are t-SNE's repulsion Σ_j w_ij² (y_i − y_j) and Σ_(j≠i) w_ij.
struct Params { n: u32, side: u32, left: f32, bottom: f32, step: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> field: array<f32>;
@group(0) @binding(3) var<storage, read> response: array<f32>;
@group(0) @binding(4) var<storage, read_write> forces: array<f32>;
@group(0) @binding(5) var<storage, read_write> sums: array<f32>;

override size: u32 = 64u;

fn values(u: f32) -> vec4f {
  let v = 1.0 - u;
  return vec4f(v * v * v, 4.0 + u * u * (3.0 * u - 6.0), 4.0 + v * v * (3.0 * v - 6.0), u * u * u) / 6.0;
}

fn slopes(u: f32) -> vec4f {
  let v = 1.0 - u;
  return vec4f(-v * v, u * (3.0 * u - 4.0), v * (4.0 - 3.0 * v), u * u) / 2.0;
}

// Σ_k a_k b_(k ± d) for d = 0 … 3, in both directions together
fn together(a: vec4f, b: vec4f) -> vec4f {
  let one = dot(a.xyz, b.yzw) + dot(b.xyz, a.yzw);
  let two = dot(a.xy, b.zw) + dot(b.xy, a.zw);
  return vec4f(dot(a, b), one, two, a.x * b.w + b.x * a.w);
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i >= params.n) { return; }
  let most = f32(params.side) - 3.0;
  let s = clamp((y[2u * i] - params.left) / params.step, 1.0, most);
  let t = clamp((y[2u * i + 1u] - params.bottom) / params.step, 1.0, most);
  let column = u32(floor(s));
  let row = u32(floor(t));
  let across = values(s - floor(s));
  let along = slopes(s - floor(s));
  let up = values(t - floor(t));
  let rise = slopes(t - floor(t));
  var sum = 0.0;
  var slope = vec2f();
  for (var a = 0u; a < 4u; a++) {
    let at = (row + a - 1u) * params.side + column - 1u;
    let nodes = vec4f(field[at], field[at + 1u], field[at + 2u], field[at + 3u]);
    let inside = dot(across, nodes);
    sum += up[a] * inside;
    slope += vec2f(up[a] * dot(along, nodes), rise[a] * inside);
  }
  let beside = together(across, across);
  let above = together(up, up);
  let sideways = together(along, across);
  let upwards = together(rise, up);
  for (var a = 0u; a < 4u; a++) {
    let near = vec4f(response[4u * a], response[4u * a + 1u], response[4u * a + 2u], response[4u * a + 3u]);
    sum -= above[a] * dot(beside, near);
    slope -= vec2f(above[a] * dot(sideways, near), upwards[a] * dot(beside, near));
  }
  forces[4u * i] = 0.0;
  forces[4u * i + 1u] = 0.0;
  forces[4u * i + 2u] = -0.5 * slope.x / params.step;
  forces[4u * i + 3u] = -0.5 * slope.y / params.step;
  sums[2u * i] = sum;
  sums[2u * i + 1u] = 0.0;
}
