// da[z, i] = dy[0] · scale · Σ_{j ≠ i} loss'(a[z, i] · b[z, j]) b[z, j]; loss, alike and op as in pairwise_loss.wgsl
// an invocation owns 16 of the d features of an item
struct Params { n: u32, d: u32, batch: u32, op: u32, same: f32, different: f32, limit: f32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> labels: array<u32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> da: array<f32>;

// op: the loss
const CROSS_ENTROPY = 0u;
const CONTRASTIVE = 1u;
const DISAGREEMENT = 2u;

override size: u32 = 64u;
const WIDTH = 16u;

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: vec4f) -> vec4<bool> { return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u); }

fn slope(s: vec4f, alike: vec4<bool>) -> vec4f {
  switch params.op {
    case CROSS_ENTROPY: {
      let p = clamp(select(1.0 - s, s, alike), vec4f(params.limit), vec4f(1.0 - params.limit));
      return select(select(vec4f(params.different), vec4f(-params.same), alike) / p, s, is_nan(s));
    }
    case CONTRASTIVE: { return select(select(select(vec4f(0.0), vec4f(-params.different), s < vec4f(params.limit)), vec4f(params.same), alike), s, is_nan(s)); }
    default: { return select(vec4f(params.different), vec4f(-params.same), alike); }
  }
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let n = params.n;
  let d = params.d;
  let index = id.x + id.y * groups.x * size;
  let row = index % (params.batch * n);
  let begin = index / (params.batch * n) * WIDTH;
  if (begin >= d) { return; }
  let i = row % n;
  let first = row - i;
  let label = labels[row];
  let width = min(WIDTH, d - begin);
  var sums: array<f32, 16>;
  for (var c = 0u; c < WIDTH; c++) { sums[c] = 0.0; }
  for (var j = 0u; j < n; j += 4u) {
    let items = vec4u(j, j + 1u, j + 2u, j + 3u);
    let others = first + min(items, vec4u(n - 1u));
    var s = vec4f(0.0);
    for (var c = 0u; c < d; c++) {
      s += a[row * d + c] * vec4f(b[others.x * d + c], b[others.y * d + c], b[others.z * d + c], b[others.w * d + c]);
    }
    let alike = vec4u(labels[others.x], labels[others.y], labels[others.z], labels[others.w]) == vec4u(label);
    let g = select(vec4f(0.0), slope(s, alike), (items < vec4u(n)) & (items != vec4u(i)));
    for (var c = 0u; c < width; c++) {
      let at = begin + c;
      sums[c] += dot(g, vec4f(b[others.x * d + at], b[others.y * d + at], b[others.z * d + at], b[others.w * d + at]));
    }
  }
  let factor = dy[0] * params.scale;
  for (var c = 0u; c < width; c++) { da[row * d + begin + c] = sums[c] * factor; }
}
