// labels[i] = argmin_j ‖x_i − c_j‖², ties to the lowest j; distances[i] = ‖x_i − c_labels[i]‖²; x [n,d], centers [k,d]: kmeans_assign for many centres
//
// facts: of the centres by large_centers, offsets[j] = Σ (c_j − o)·(½(c_j − o) + o) among them; the smallest offsets[j] − x_i·(c_j − o) is the nearest
// centre. A workgroup takes 128 points, 64 centres at a time, 8 columns at a time; an invocation 8 points by 8 centres, in registers: 42 products a number
// that is read. Once `halted` is set, nothing is written.
struct Params { n: u32, d: u32, k: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> centers: array<f32>;
@group(0) @binding(3) var<storage, read> origin: array<f32>;
@group(0) @binding(4) var<storage, read> facts: array<f32>;
@group(0) @binding(5) var<storage, read> halted: array<u32>;
@group(0) @binding(6) var<storage, read_write> labels: array<u32>;
@group(0) @binding(7) var<storage, read_write> distances: array<f32>;

const HEAD = 260u;
override size: u32 = 128u;

// [column][group of 4 points] and [column][group of 4 centres]; the extra group in each row spreads the stores over the memory banks.
var<workgroup> points: array<vec4f, 264>;
var<workgroup> tile: array<vec4f, 136>;
var<workgroup> scores: array<vec4f, 256>;
var<workgroup> nearest: array<vec4u, 256>;
var<workgroup> chosen: array<u32, 128>;

var<private> best_top: vec4f;
var<private> best_bottom: vec4f;
var<private> label_top: vec4u;
var<private> label_bottom: vec4u;

fn point(row: u32, column: u32) -> f32 {
  return select(0.0, x[min(row, params.n - 1u) * params.d + min(column, params.d - 1u)], column < params.d);
}

fn center(row: u32, column: u32) -> f32 {
  let at = min(column, params.d - 1u);
  return select(0.0, centers[min(row, params.k - 1u) * params.d + at] - origin[at], column < params.d);
}

fn keep(j: u32, top: vec4f, bottom: vec4f) {
  let offset = vec4f(facts[HEAD + 2u * params.k + min(j, params.k - 1u)]);
  let nearer_top = (offset - top < best_top) & vec4<bool>(j < params.k);
  let nearer_bottom = (offset - bottom < best_bottom) & vec4<bool>(j < params.k);
  best_top = select(best_top, offset - top, nearer_top);
  best_bottom = select(best_bottom, offset - bottom, nearer_bottom);
  label_top = select(label_top, vec4u(j), nearer_top);
  label_bottom = select(label_bottom, vec4u(j), nearer_bottom);
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (halted[0] != 0u) { return; }
  let first = (group.x + group.y * groups.x) * 128u;
  let row = lane / 8u;
  let part = lane % 8u;
  best_top = vec4f(3.4028234e38f);
  best_bottom = vec4f(3.4028234e38f);
  label_top = vec4u(0u);
  label_bottom = vec4u(0u);
  for (var start = 0u; start < params.k; start += 64u) {
    var t0 = vec4f();
    var b0 = vec4f();
    var t1 = vec4f();
    var b1 = vec4f();
    var t2 = vec4f();
    var b2 = vec4f();
    var t3 = vec4f();
    var b3 = vec4f();
    var t4 = vec4f();
    var b4 = vec4f();
    var t5 = vec4f();
    var b5 = vec4f();
    var t6 = vec4f();
    var b6 = vec4f();
    var t7 = vec4f();
    var b7 = vec4f();
    for (var column = 0u; column < params.d; column += 8u) {
      for (var t = lane; t < 256u; t += size) {
        let p = t % 8u;
        let i = first + t / 8u * 4u;
        points[p * 33u + t / 8u] =
          vec4f(point(i, column + p), point(i + 1u, column + p), point(i + 2u, column + p), point(i + 3u, column + p));
      }
      for (var t = lane; t < 128u; t += size) {
        let p = t % 8u;
        let j = start + t / 8u * 4u;
        tile[p * 17u + t / 8u] =
          vec4f(center(j, column + p), center(j + 1u, column + p), center(j + 2u, column + p), center(j + 3u, column + p));
      }
      workgroupBarrier();
      for (var p = 0u; p < 8u; p++) {
        let top = points[p * 33u + row];
        let bottom = points[p * 33u + row + 16u];
        let c = tile[p * 17u + 2u * part];
        let e = tile[p * 17u + 2u * part + 1u];
        t0 += c.x * top;
        b0 += c.x * bottom;
        t1 += c.y * top;
        b1 += c.y * bottom;
        t2 += c.z * top;
        b2 += c.z * bottom;
        t3 += c.w * top;
        b3 += c.w * bottom;
        t4 += e.x * top;
        b4 += e.x * bottom;
        t5 += e.y * top;
        b5 += e.y * bottom;
        t6 += e.z * top;
        b6 += e.z * bottom;
        t7 += e.w * top;
        b7 += e.w * bottom;
      }
      workgroupBarrier();
    }
    let j = start + 8u * part;
    keep(j, t0, b0);
    keep(j + 1u, t1, b1);
    keep(j + 2u, t2, b2);
    keep(j + 3u, t3, b3);
    keep(j + 4u, t4, b4);
    keep(j + 5u, t5, b5);
    keep(j + 6u, t6, b6);
    keep(j + 7u, t7, b7);
  }
  // the eighths of a row together: the lowest score, then the lowest label
  scores[part * 32u + row] = best_top;
  scores[part * 32u + row + 16u] = best_bottom;
  nearest[part * 32u + row] = label_top;
  nearest[part * 32u + row + 16u] = label_bottom;
  workgroupBarrier();
  for (var g = lane; g < 32u; g += size) {
    var best = scores[g];
    var label = nearest[g];
    for (var q = 1u; q < 8u; q++) {
      let score = scores[q * 32u + g];
      let other = nearest[q * 32u + g];
      let nearer = (score < best) | ((score == best) & (other < label));
      best = select(best, score, nearer);
      label = select(label, other, nearer);
    }
    chosen[4u * g] = label.x;
    chosen[4u * g + 1u] = label.y;
    chosen[4u * g + 2u] = label.z;
    chosen[4u * g + 3u] = label.w;
  }
  workgroupBarrier();
  for (var i = lane; i < 128u && first + i < params.n; i += size) {
    let at = (first + i) * params.d;
    let to = chosen[i] * params.d;
    var sums = vec4f();
    for (var column = 0u; column < params.d; column += 4u) {
      let own = vec4u(column) + vec4u(0u, 1u, 2u, 3u);
      let c = min(own, vec4u(params.d - 1u));
      let here = vec4f(x[at + c.x], x[at + c.y], x[at + c.z], x[at + c.w]);
      let difference = here - vec4f(centers[to + c.x], centers[to + c.y], centers[to + c.z], centers[to + c.w]);
      sums += select(vec4f(), difference * difference, own < vec4u(params.d));
    }
    labels[first + i] = chosen[i];
    distances[first + i] = (sums.x + sums.y) + (sums.z + sums.w);
  }
}
