// distances[f + i] = the k smallest ‖x_(f+i) − y_j‖² ascending, indices[f + i] = their j, ties to the lowest j; x [·,d], y [m,d], both results [·,k]
//
// By differences, so that close points keep their digits. Short rows [·,e] are never farther apart than the rows: where e < d they turn candidates away,
// and what is left is measured by the rows; where e = d they are the rows themselves.
// `slack` is how much farther apart they may be by their rounding.
//
// A workgroup takes 64 rows of x, an invocation one, and 32 rows of y at a time, 16 columns at a time. The k best so far lie sorted in the results; the
// largest of them in a register is what most candidates are turned away by. With `own`, x and y are the same points and a row is no neighbour of itself.
struct Params { n: u32, m: u32, d: u32, e: u32, k: u32, first: u32, own: u32, slack: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> shortX: array<f32>;
@group(0) @binding(4) var<storage, read> shortY: array<f32>;
@group(0) @binding(5) var<storage, read_write> indices: array<u32>;
@group(0) @binding(6) var<storage, read_write> distances: array<f32>;

override size: u32 = 64u;
var<workgroup> rows: array<f32, 1088>; // [row][column], 17 apart against bank conflicts
var<workgroup> tile: array<vec4f, 128>; // [column][group of 4 points]

fn candidate(row: u32, column: u32) -> f32 {
  return select(0.0, shortY[min(row, params.m - 1u) * params.e + min(column, params.e - 1u)], column < params.e);
}

fn distance_of(row: u32, j: u32) -> f32 {
  var sum = 0.0;
  for (var c = 0u; c < params.d; c++) {
    let t = x[row * params.d + c] - y[j * params.d + c];
    sum += t * t;
  }
  return sum;
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let base = size * (group.x + group.y * groups.x);
  let i = base + lane;
  let row = params.first + i;
  let list = row * params.k;
  let live = (i < params.n);
  if (live) {
    for (var t = 0u; t < params.k; t++) {
      distances[list + t] = 3.4028234e38f;
      indices[list + t] = 0xffffffffu;
    }
  }
  let isShort = params.e < params.d;
  var worst = 3.4028234e38f;
  var limit = worst;
  for (var start = 0u; start < params.m; start += 32u) {
    var s = array<vec4f, 8>();
    for (var column = 0u; column < params.e; column += 16u) {
      workgroupBarrier();
      for (var t = lane; t < 16u * size; t += size) {
        let q = base + t / 16u;
        let c = column + t % 16u;
        var value = 0.0;
        if (q < params.n && c < params.e) { value = shortX[(params.first + q) * params.e + c]; }
        rows[t / 16u * 17u + t % 16u] = value;
      }
      for (var t = lane; t < 128u; t += size) {
        let c = column + t % 16u;
        let j = start + t / 16u * 4u;
        tile[t % 16u * 8u + t / 16u] = vec4f(candidate(j, c), candidate(j + 1u, c), candidate(j + 2u, c), candidate(j + 3u, c));
      }
      workgroupBarrier();
      for (var c = 0u; c < 16u; c++) {
        let u = rows[lane * 17u + c];
        for (var g = 0u; g < 8u; g++) {
          let t = vec4f(u) - tile[c * 8u + g];
          s[g] += t * t;
        }
      }
    }
    if (live) {
      for (var t = 0u; t < 32u; t++) {
        let j = start + t;
        var value = s[t / 4u][t % 4u];
        let near = j < params.m && value < limit && (params.own == 0u || j != row);
        if (near && isShort) { value = distance_of(row, j); }
        if (near && value < worst) {
          var at = params.k - 1u;
          while (at > 0u) {
            if (distances[list + at - 1u] <= value) { break; }
            distances[list + at] = distances[list + at - 1u];
            indices[list + at] = indices[list + at - 1u];
            at--;
          }
          distances[list + at] = value;
          indices[list + at] = j;
          worst = distances[list + params.k - 1u];
          let reach = sqrt(worst) + params.slack;
          limit = select(worst, reach * reach, isShort);
        }
      }
    }
  }
}
