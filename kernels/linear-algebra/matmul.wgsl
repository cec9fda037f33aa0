// out[z] [m,n] = act(op(A_z) op(B_z) + bias[n]), z in 0..batch; A_z [m,k], or [k,m] with trans_a; B_z [k,n], or [n,k]
//
// Grid: x = ceil(n / (8 WORKGROUP_X)), y = ceil(m / (8 WORKGROUP_Y)), z = batch: by default a workgroup for 64 × 64.
// A workgroup computes a tile of 8 WORKGROUP_Y rows and 8 WORKGROUP_X columns, an invocation twice 4 rows by twice 4
// columns of it, in registers, from tiles of A and B that the workgroup loads together, TILE_K of k at a time. An
// invocation brings four groups of four elements of each tile: TILE_K = 2 WORKGROUP_X = 2 WORKGROUP_Y.
// Few outputs and a long k (weight gradients): launch with splits of k as the batch, a_inner and b_inner the lengths of
// a split in A and B, then sum over z.

struct Params {
  m: u32,
  n: u32,
  k: u32,
  trans_a: u32,
  trans_b: u32,
  batch: u32,
  batch_inner: u32,
  a_outer: u32, // A_z starts at element (z / batch_inner) a_outer + (z % batch_inner) a_inner, B_z likewise
  a_inner: u32,
  b_outer: u32,
  b_inner: u32,
  has_bias: u32,
  activation: u32,
  slope: f32,
}

override WORKGROUP_X: u32 = 8u;
override WORKGROUP_Y: u32 = 8u;
override TILE_K: u32 = 16u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

// activation: what is applied last
const ACTIVATION_NONE = 0u;
const ACTIVATION_RELU = 1u;
const ACTIVATION_LEAKY_RELU = 2u;
const ACTIVATION_SIGMOID = 3u;
const ACTIVATION_TANH = 4u;

// [k][group of 4 rows] and [k][group of 4 columns]; the spare group in each row spreads the stores over the banks.
var<workgroup> tile_a: array<vec4f, TILE_K * (2u * WORKGROUP_Y + 1u)>;
var<workgroup> tile_b: array<vec4f, TILE_K * (2u * WORKGROUP_X + 1u)>;

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: vec4f) -> vec4<bool> { return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u); }

fn activate(x: vec4f) -> vec4f {
  switch params.activation {
    case ACTIVATION_RELU: { return select(x, vec4f(0.0), (x < vec4f(0.0)) & !is_nan(x)); }
    case ACTIVATION_LEAKY_RELU: { return select(x, params.slope * x, x < vec4f(0.0)); }
    case ACTIVATION_SIGMOID: { return select(1.0 / (1.0 + exp(-max(x, vec4f(-87.0)))), x, is_nan(x)); }
    case ACTIVATION_TANH: { return select(tanh(clamp(x, vec4f(-15.0), vec4f(15.0))), x, is_nan(x)); }
    default: { return x; }
  }
}

// Positions past the edge read the last element: those rows and columns are not stored. Past k both tiles hold 0.
fn load_a(base: u32, row: u32, p: u32) -> vec4f {
  let row_stride = select(params.k, 1u, params.trans_a != 0u);
  let start = base + min(p, params.k - 1u) * select(1u, params.m, params.trans_a != 0u);
  let last = params.m - 1u;
  let value = vec4f(
    a[start + min(row, last) * row_stride],
    a[start + min(row + 1u, last) * row_stride],
    a[start + min(row + 2u, last) * row_stride],
    a[start + min(row + 3u, last) * row_stride],
  );
  return select(vec4f(0.0), value, p < params.k);
}

fn load_b(base: u32, column: u32, p: u32) -> vec4f {
  let column_stride = select(1u, params.k, params.trans_b != 0u);
  let start = base + min(p, params.k - 1u) * select(params.n, 1u, params.trans_b != 0u);
  let last = params.n - 1u;
  let value = vec4f(
    b[start + min(column, last) * column_stride],
    b[start + min(column + 1u, last) * column_stride],
    b[start + min(column + 2u, last) * column_stride],
    b[start + min(column + 3u, last) * column_stride],
  );
  return select(vec4f(0.0), value, p < params.k);
}

fn store(base: u32, row: u32, column: u32, sum: vec4f) {
  if (row >= params.m) {
    return;
  }
  var x = sum;
  if (params.has_bias != 0u) {
    let last = params.n - 1u;
    x += vec4f(
      bias[min(column, last)],
      bias[min(column + 1u, last)],
      bias[min(column + 2u, last)],
      bias[min(column + 3u, last)],
    );
  }
  let y = activate(x);
  let to = base + row * params.n + column;
  if (column < params.n) {
    out[to] = y.x;
  }
  if (column + 1u < params.n) {
    out[to + 1u] = y.y;
  }
  if (column + 2u < params.n) {
    out[to + 2u] = y.z;
  }
  if (column + 3u < params.n) {
    out[to + 3u] = y.w;
  }
}

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let z = tile.z;
  let a_base = (z / params.batch_inner) * params.a_outer + (z % params.batch_inner) * params.a_inner;
  let b_base = (z / params.batch_inner) * params.b_outer + (z % params.batch_inner) * params.b_inner;
  let first_row = tile.y * 8u * WORKGROUP_Y;
  let first_column = tile.x * 8u * WORKGROUP_X;
  let a_groups = 2u * WORKGROUP_Y;
  let b_groups = 2u * WORKGROUP_X;
  let threads = WORKGROUP_X * WORKGROUP_Y;

  // The invocation's rows 0..3 and 4..7, left and right 4 columns of each.
  var l0 = vec4f();
  var r0 = vec4f();
  var l1 = vec4f();
  var r1 = vec4f();
  var l2 = vec4f();
  var r2 = vec4f();
  var l3 = vec4f();
  var r3 = vec4f();
  var l4 = vec4f();
  var r4 = vec4f();
  var l5 = vec4f();
  var r5 = vec4f();
  var l6 = vec4f();
  var r6 = vec4f();
  var l7 = vec4f();
  var r7 = vec4f();

  // The four groups of each tile that this invocation brings: neighbours read neighbouring addresses, along the groups where those are
  // contiguous, else along k. They are asked for while the tiles before are summed.
  let along_a = params.trans_a != 0u;
  let along_b = params.trans_b == 0u;
  let p_a = select(index % TILE_K, index / a_groups, along_a);
  let group_a = select(index / TILE_K, index % a_groups, along_a);
  let p_b = select(index % TILE_K, index / b_groups, along_b);
  let group_b = select(index / TILE_K, index % b_groups, along_b);
  let next_p_a = select(0u, threads / a_groups, along_a);
  let next_group_a = select(threads / TILE_K, 0u, along_a);
  let next_p_b = select(0u, threads / b_groups, along_b);
  let next_group_b = select(threads / TILE_K, 0u, along_b);
  var a0 = load_a(a_base, first_row + 4u * group_a, p_a);
  var a1 = load_a(a_base, first_row + 4u * (group_a + next_group_a), p_a + next_p_a);
  var a2 = load_a(a_base, first_row + 4u * (group_a + 2u * next_group_a), p_a + 2u * next_p_a);
  var a3 = load_a(a_base, first_row + 4u * (group_a + 3u * next_group_a), p_a + 3u * next_p_a);
  var b0 = load_b(b_base, first_column + 4u * group_b, p_b);
  var b1 = load_b(b_base, first_column + 4u * (group_b + next_group_b), p_b + next_p_b);
  var b2 = load_b(b_base, first_column + 4u * (group_b + 2u * next_group_b), p_b + 2u * next_p_b);
  var b3 = load_b(b_base, first_column + 4u * (group_b + 3u * next_group_b), p_b + 3u * next_p_b);
  let to_a = p_a * (a_groups + 1u) + group_a;
  let step_a = next_p_a * (a_groups + 1u) + next_group_a;
  let to_b = p_b * (b_groups + 1u) + group_b;
  let step_b = next_p_b * (b_groups + 1u) + next_group_b;
  for (var first = 0u; first < params.k; first += TILE_K) {
    tile_a[to_a] = a0;
    tile_a[to_a + step_a] = a1;
    tile_a[to_a + 2u * step_a] = a2;
    tile_a[to_a + 3u * step_a] = a3;
    tile_b[to_b] = b0;
    tile_b[to_b + step_b] = b1;
    tile_b[to_b + 2u * step_b] = b2;
    tile_b[to_b + 3u * step_b] = b3;
    workgroupBarrier();
    let next = first + TILE_K;
    if (next < params.k) {
      a0 = load_a(a_base, first_row + 4u * group_a, next + p_a);
      a1 = load_a(a_base, first_row + 4u * (group_a + next_group_a), next + p_a + next_p_a);
      a2 = load_a(a_base, first_row + 4u * (group_a + 2u * next_group_a), next + p_a + 2u * next_p_a);
      a3 = load_a(a_base, first_row + 4u * (group_a + 3u * next_group_a), next + p_a + 3u * next_p_a);
      b0 = load_b(b_base, first_column + 4u * group_b, next + p_b);
      b1 = load_b(b_base, first_column + 4u * (group_b + next_group_b), next + p_b + next_p_b);
      b2 = load_b(b_base, first_column + 4u * (group_b + 2u * next_group_b), next + p_b + 2u * next_p_b);
      b3 = load_b(b_base, first_column + 4u * (group_b + 3u * next_group_b), next + p_b + 3u * next_p_b);
    }
    for (var p = 0u; p < TILE_K; p++) {
      let top = tile_a[p * (a_groups + 1u) + local.y];
      let bottom = tile_a[p * (a_groups + 1u) + local.y + WORKGROUP_Y];
      let left = tile_b[p * (b_groups + 1u) + local.x];
      let right = tile_b[p * (b_groups + 1u) + local.x + WORKGROUP_X];
      l0 += top.x * left;
      r0 += top.x * right;
      l1 += top.y * left;
      r1 += top.y * right;
      l2 += top.z * left;
      r2 += top.z * right;
      l3 += top.w * left;
      r3 += top.w * right;
      l4 += bottom.x * left;
      r4 += bottom.x * right;
      l5 += bottom.y * left;
      r5 += bottom.y * right;
      l6 += bottom.z * left;
      r6 += bottom.z * right;
      l7 += bottom.w * left;
      r7 += bottom.w * right;
    }
    workgroupBarrier();
  }

  let out_base = z * params.m * params.n;
  let row = first_row + 4u * local.y;
  let column = first_column + 4u * local.x;
  let column_right = column + 4u * WORKGROUP_X;
  let row_bottom = row + 4u * WORKGROUP_Y;
  store(out_base, row, column, l0);
  store(out_base, row, column_right, r0);
  store(out_base, row + 1u, column, l1);
  store(out_base, row + 1u, column_right, r1);
  store(out_base, row + 2u, column, l2);
  store(out_base, row + 2u, column_right, r2);
  store(out_base, row + 3u, column, l3);
  store(out_base, row + 3u, column_right, r3);
  store(out_base, row_bottom, column, l4);
  store(out_base, row_bottom, column_right, r4);
  store(out_base, row_bottom + 1u, column, l5);
  store(out_base, row_bottom + 1u, column_right, r5);
  store(out_base, row_bottom + 2u, column, l6);
  store(out_base, row_bottom + 2u, column_right, r6);
  store(out_base, row_bottom + 3u, column, l7);
  store(out_base, row_bottom + 3u, column_right, r7);
}
