// labels[r,i] = the r-th nearest centre of x_i by ‖x_i − c_j‖², ties to the lowest j; distances[r,i] its ‖x_i − c_j‖²; x [n,d], centers [k,d], r < ranks (1 or 2)
//
// Differences are squared and summed directly, so data of any offset and range keep their accuracy. A row with NaN or an infinity has no nearest
// centre, nor has a row a second where there is one centre: label 2³² − 1, distance the largest float32.
// A workgroup takes 128 points, 16 centres at a time, 16 columns at a time; an invocation 2 points by 16 centres, in registers.
struct Params { n: u32, d: u32, k: u32, ranks: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> centers: array<f32>;
@group(0) @binding(3) var<storage, read_write> labels: array<u32>;
@group(0) @binding(4) var<storage, read_write> distances: array<f32>;

override size: u32 = 64u;

const NONE = 0xffffffffu;
const FAR = 3.4028234e38f;

// [column][point], and [column][group of 4 centres]
var<workgroup> points: array<f32, 2064>;
var<workgroup> tile: array<vec4f, 64>;

fn center(row: u32, column: u32) -> f32 {
  return select(0.0, centers[min(row, params.k - 1u) * params.d + min(column, params.d - 1u)], column < params.d);
}

struct Nearest { best: f32, second: f32, label: u32, other: u32 }

fn take(state: Nearest, scores: vec4f, first: u32) -> Nearest {
  var kept = state;
  for (var c = 0u; c < 4u; c++) {
    let j = first + c;
    let score = select(select(scores.z, scores.w, c == 3u), select(scores.x, scores.y, c == 1u), c < 2u);
    if (j < params.k) {
      if (score < kept.best) {
        kept.second = kept.best;
        kept.other = kept.label;
        kept.best = score;
        kept.label = j;
      } else if (score < kept.second) {
        kept.second = score;
        kept.other = j;
      }
    }
  }
  return kept;
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let first = (group.x + group.y * groups.x) * 128u;
  var top = Nearest(FAR, FAR, NONE, NONE);
  var bottom = Nearest(FAR, FAR, NONE, NONE);
  var broken_top = false;
  var broken_bottom = false;
  for (var start = 0u; start < params.k; start += 16u) {
    var t0 = vec4f();
    var t1 = vec4f();
    var t2 = vec4f();
    var t3 = vec4f();
    var b0 = vec4f();
    var b1 = vec4f();
    var b2 = vec4f();
    var b3 = vec4f();
    for (var column = 0u; column < params.d; column += 16u) {
      workgroupBarrier();
      for (var t = lane; t < 2048u; t += size) {
        let p = t % 16u;
        let row = min(first + t / 16u, params.n - 1u);
        let value = x[row * params.d + min(column + p, params.d - 1u)];
        points[p * 129u + t / 16u] = select(0.0, value, column + p < params.d);
      }
      for (var t = lane; t < 64u; t += size) {
        let p = t % 16u;
        let j = start + t / 16u * 4u;
        tile[p * 4u + t / 16u] =
          vec4f(center(j, column + p), center(j + 1u, column + p), center(j + 2u, column + p), center(j + 3u, column + p));
      }
      workgroupBarrier();
      let width = min(16u, params.d - column);
      for (var p = 0u; p < width; p++) {
        let a = points[p * 129u + lane];
        let b = points[p * 129u + lane + 64u];
        broken_top = broken_top || (bitcast<u32>(a) & 0x7f800000u) == 0x7f800000u;
        broken_bottom = broken_bottom || (bitcast<u32>(b) & 0x7f800000u) == 0x7f800000u;
        var c = tile[p * 4u];
        var u = c - vec4f(a);
        var v = c - vec4f(b);
        t0 += u * u;
        b0 += v * v;
        c = tile[p * 4u + 1u];
        u = c - vec4f(a);
        v = c - vec4f(b);
        t1 += u * u;
        b1 += v * v;
        c = tile[p * 4u + 2u];
        u = c - vec4f(a);
        v = c - vec4f(b);
        t2 += u * u;
        b2 += v * v;
        c = tile[p * 4u + 3u];
        u = c - vec4f(a);
        v = c - vec4f(b);
        t3 += u * u;
        b3 += v * v;
      }
    }
    top = take(take(take(take(top, t0, start), t1, start + 4u), t2, start + 8u), t3, start + 12u);
    bottom = take(take(take(take(bottom, b0, start), b1, start + 4u), b2, start + 8u), b3, start + 12u);
  }
  if (broken_top) { top = Nearest(FAR, FAR, NONE, NONE); }
  if (broken_bottom) { bottom = Nearest(FAR, FAR, NONE, NONE); }
  let i = first + lane;
  let l = i + 64u;
  if (i < params.n) {
    labels[i] = top.label;
    distances[i] = top.best;
    if (params.ranks > 1u) {
      labels[params.n + i] = top.other;
      distances[params.n + i] = top.second;
    }
  }
  if (l < params.n) {
    labels[l] = bottom.label;
    distances[l] = bottom.best;
    if (params.ranks > 1u) {
      labels[params.n + l] = bottom.other;
      distances[params.n + l] = bottom.second;
    }
  }
}
