// rows[z n + i] = scale · Σ_{j ≠ i} loss(s), s = a[z, i] · b[z, j], a and b [batch, n, d], over the n items of each set z;
// alike when labels[z, i] = labels[z, j]. by op -same ln s or -different ln(1 - s), both within [limit, 1 - limit];
// same s or different max(0, limit - s); or same (1 - s) or different s
struct Params { n: u32, d: u32, batch: u32, op: u32, same: f32, different: f32, limit: f32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> labels: array<u32>;
@group(0) @binding(4) var<storage, read_write> rows: array<f32>;

// op: the loss
const CROSS_ENTROPY = 0u;
const CONTRASTIVE = 1u;
const DISAGREEMENT = 2u;

override size: u32 = 64u;
const CHUNK = 256u; // items whose losses are added up by themselves

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: vec4f) -> vec4<bool> { return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u); }

fn loss(s: vec4f, alike: vec4<bool>) -> vec4f {
  let factor = select(vec4f(params.different), vec4f(params.same), alike);
  switch params.op {
    case CROSS_ENTROPY: {
      let p = clamp(select(1.0 - s, s, alike), vec4f(params.limit), vec4f(1.0 - params.limit));
      return select(-factor * log(p), s, is_nan(s));
    }
    case CONTRASTIVE: { return factor * select(max(vec4f(0.0), params.limit - s), s, alike | is_nan(s)); }
    default: { return factor * select(s, 1.0 - s, alike); }
  }
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.x + id.y * groups.x * size;
  let n = params.n;
  let d = params.d;
  if (row >= params.batch * n) { return; }
  let i = row % n;
  let first = row - i;
  let label = labels[row];
  var total = 0.0;
  for (var origin = 0u; origin < n; origin += CHUNK) {
    let end = min(origin + CHUNK, n);
    var sum = vec4f(0.0);
    for (var j = origin; j < end; j += 4u) {
      let items = vec4u(j, j + 1u, j + 2u, j + 3u);
      let others = first + min(items, vec4u(n - 1u));
      var s = vec4f(0.0);
      for (var c = 0u; c < d; c++) {
        s += a[row * d + c] * vec4f(b[others.x * d + c], b[others.y * d + c], b[others.z * d + c], b[others.w * d + c]);
      }
      let alike = vec4u(labels[others.x], labels[others.y], labels[others.z], labels[others.w]) == vec4u(label);
      sum += select(vec4f(0.0), loss(s, alike), (items < vec4u(n)) & (items != vec4u(i)));
    }
    total += (sum.x + sum.y) + (sum.z + sum.w);
  }
  rows[row] = total * params.scale;
}
