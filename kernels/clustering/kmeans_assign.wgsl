// labels[i] = argmin_j ‖x_i − c_j‖², ties to the lowest j; distances[i] = ‖x_i − c_labels[i]‖²; x [n,d], centers [k,d]
//
// shifted = centers − origin, offsets[j] = Σ (c_j − o)·(½(c_j − o) + o): the smallest offsets[j] − x_i·shifted_j is the nearest centre, without the
// cancellation that an offset common to all points would cause. The distance to the chosen centre is summed directly.
// A workgroup takes 128 points, 16 centres at a time, 16 columns at a time; an invocation 8 points by 4 centres, in registers.
struct Params { n: u32, d: u32, k: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> centers: array<f32>;
@group(0) @binding(3) var<storage, read> shifted: array<f32>;
@group(0) @binding(4) var<storage, read> offsets: array<f32>;
@group(0) @binding(5) var<storage, read_write> labels: array<u32>;
@group(0) @binding(6) var<storage, read_write> distances: array<f32>;

override size: u32 = 64u;

// [column][group of 4 points] and [column][group of 4 centres]; the extra group in each row spreads the stores over the memory banks.
var<workgroup> points: array<vec4f, 528>;
var<workgroup> tile: array<vec4f, 80>;
var<workgroup> scores: array<vec4f, 128>;
var<workgroup> nearest: array<vec4u, 128>;
var<workgroup> chosen: array<u32, 128>;
var<workgroup> sums: array<f32, 512>;

fn point(row: u32, column: u32) -> f32 {
  return select(0.0, x[min(row, params.n - 1u) * params.d + min(column, params.d - 1u)], column < params.d);
}

fn center(row: u32, column: u32) -> f32 {
  return select(0.0, shifted[min(row, params.k - 1u) * params.d + min(column, params.d - 1u)], column < params.d);
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let first = (group.x + group.y * groups.x) * 128u;
  let row = lane / 4u;
  let quarter = lane % 4u;
  var best_top = vec4f(3.4028234e38f);
  var best_bottom = vec4f(3.4028234e38f);
  var label_top = vec4u(0u);
  var label_bottom = vec4u(0u);
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
      for (var t = lane; t < 512u; t += size) {
        let p = t % 16u;
        let i = first + t / 16u * 4u;
        points[p * 33u + t / 16u] =
          vec4f(point(i, column + p), point(i + 1u, column + p), point(i + 2u, column + p), point(i + 3u, column + p));
      }
      for (var t = lane; t < 64u; t += size) {
        let p = t % 16u;
        let j = start + t / 16u * 4u;
        tile[p * 5u + t / 16u] =
          vec4f(center(j, column + p), center(j + 1u, column + p), center(j + 2u, column + p), center(j + 3u, column + p));
      }
      workgroupBarrier();
      for (var p = 0u; p < 16u; p++) {
        let top = points[p * 33u + row];
        let bottom = points[p * 33u + row + 16u];
        let c = tile[p * 5u + quarter];
        t0 += c.x * top;
        b0 += c.x * bottom;
        t1 += c.y * top;
        b1 += c.y * bottom;
        t2 += c.z * top;
        b2 += c.z * bottom;
        t3 += c.w * top;
        b3 += c.w * bottom;
      }
      workgroupBarrier();
    }
    for (var c = 0u; c < 4u; c++) {
      let j = start + 4u * quarter + c;
      let dots_top = select(select(t2, t3, c == 3u), select(t0, t1, c == 1u), c < 2u);
      let dots_bottom = select(select(b2, b3, c == 3u), select(b0, b1, c == 1u), c < 2u);
      let offset = offsets[min(j, params.k - 1u)];
      let nearer_top = (vec4f(offset) - dots_top < best_top) & vec4<bool>(j < params.k);
      let nearer_bottom = (vec4f(offset) - dots_bottom < best_bottom) & vec4<bool>(j < params.k);
      best_top = select(best_top, vec4f(offset) - dots_top, nearer_top);
      best_bottom = select(best_bottom, vec4f(offset) - dots_bottom, nearer_bottom);
      label_top = select(label_top, vec4u(j), nearer_top);
      label_bottom = select(label_bottom, vec4u(j), nearer_bottom);
    }
  }
  // the quarters of a row together: the lowest score, then the lowest label
  scores[quarter * 32u + row] = best_top;
  scores[quarter * 32u + row + 16u] = best_bottom;
  nearest[quarter * 32u + row] = label_top;
  nearest[quarter * 32u + row + 16u] = label_bottom;
  workgroupBarrier();
  for (var g = lane; g < 32u; g += size) {
    var best = scores[g];
    var label = nearest[g];
    for (var q = 1u; q < 4u; q++) {
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
  // four neighbouring invocations sum a point's distance
  for (var i = row; i < 128u; i += 16u) {
    let at = min(first + i, params.n - 1u) * params.d;
    let to = chosen[i] * params.d;
    var sum = 0.0;
    for (var column = quarter; column < params.d; column += 4u) {
      let difference = x[at + column] - centers[to + column];
      sum += difference * difference;
    }
    sums[4u * i + quarter] = sum;
  }
  workgroupBarrier();
  for (var i = lane; i < 128u; i += size) {
    if (first + i < params.n) {
      labels[first + i] = chosen[i];
      distances[first + i] = (sums[4u * i] + sums[4u * i + 1u]) + (sums[4u * i + 2u] + sums[4u * i + 3u]);
    }
  }
}
