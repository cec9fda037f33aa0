// dx = gamma rstd (g - share (dbeta + (x - mean) rstd dgamma)), g = dy f'(gamma (x - mean) rstd + beta), share 1 / (n s), or 0 where mean and rstd
// are constants; x, dy and dx [n, c, s], stats [2, c] = mean, rstd, the others [c]. Vectors of four.
struct Params { n: u32, c: u32, s: u32, slope: f32, share: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> stats: array<f32>;
@group(0) @binding(3) var<storage, read> gamma: array<f32>;
@group(0) @binding(4) var<storage, read> beta: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<vec4f>;
@group(0) @binding(6) var<storage, read> dgamma: array<f32>;
@group(0) @binding(7) var<storage, read> dbeta: array<f32>;
@group(0) @binding(8) var<storage, read_write> dx: array<vec4f>;

override size: u32 = 256u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i * 4u >= params.n * params.c * params.s) { return; }
  let plane = 4u * i / params.s;
  var t = vec4u(plane % params.c);
  if ((4u * i + 3u) / params.s != plane) { t = (4u * i + vec4u(0u, 1u, 2u, 3u)) / params.s % params.c; }
  let difference = x[i] - vec4f(stats[t.x], stats[t.y], stats[t.z], stats[t.w]);
  let u = t + params.c;
  let rstd = vec4f(stats[u.x], stats[u.y], stats[u.z], stats[u.w]);
  let scale = rstd * vec4f(gamma[t.x], gamma[t.y], gamma[t.z], gamma[t.w]);
  let z = difference * scale + vec4f(beta[t.x], beta[t.y], beta[t.z], beta[t.w]);
  let g = dy[i] * select(vec4f(params.slope), vec4f(1.0), z > vec4f(0.0));
  var drift = vec4f(0.0);
  if (params.share > 0.0) {
    let along = vec4f(dgamma[t.x], dgamma[t.y], dgamma[t.z], dgamma[t.w]);
    let plain = vec4f(dbeta[t.x], dbeta[t.y], dbeta[t.z], dbeta[t.w]);
    drift = params.share * (plain + difference * rstd * along);
  }
  dx[i] = scale * (g - drift);
}
