// y[i, m, Y out_step_y + out_y, X out_step_x + out_x] = act(bias[m] + Σ weight[m, c, t, u] x[i, c, Y step_y + t + top, X step_x + u + left])
//
// Sums over c, t < taps_y, u < taps_x; x [n,c,h,w] counts as 0 outside; Y < rows, X < columns; y [n,m,out_h,out_w]; the weight lies
// from weight_base on with the strides weight_m, weight_c, weight_y, weight_x. Steps of the output are for transposed convolution,
// which is a convolution of its own for each remainder of y and x by the stride.
//
// An implicit product of weight [m, c·taps] and pixels [c·taps, n·rows·columns]: a workgroup computes 16 channels × 256 pixels,
// 32 × 128 or 64 × 64, whichever wastes least, an invocation twice 4 channels by twice 4 pixels of it in registers. The pixels
// of a tile are gathered from x into workgroup memory, TILE_K of c·taps at a time.
// Grid: x, y = workgroups of pixels (folded), z = workgroups of channels.

struct Params {
  n: u32,
  c: u32,
  h: u32,
  w: u32,
  m: u32,
  rows: u32,
  columns: u32,
  taps_y: u32,
  taps_x: u32,
  step_y: u32,
  step_x: u32,
  top: i32,
  left: i32,
  out_h: u32,
  out_w: u32,
  out_step_y: u32,
  out_step_x: u32,
  out_y: u32,
  out_x: u32,
  weight_base: u32,
  weight_m: i32,
  weight_c: i32,
  weight_y: i32,
  weight_x: i32,
  has_bias: u32,
  activation: u32, // 0 none, 1 relu, 2 leaky relu, 3 sigmoid, 4 tanh
  slope: f32,
}

override WORKGROUP: u32 = 64u;
override TILE_K: u32 = 8u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

// activation: what is applied last, as in matmul.wgsl
const ACTIVATION_NONE = 0u;
const ACTIVATION_RELU = 1u;
const ACTIVATION_LEAKY_RELU = 2u;
const ACTIVATION_SIGMOID = 3u;
const ACTIVATION_TANH = 4u;

// [k][group of 4 channels] and [k][group of 4 pixels]; the spare group in each row spreads the stores over the banks.
var<workgroup> tile_a: array<vec4f, TILE_K * (WORKGROUP / 4u + 1u)>;
var<workgroup> tile_b: array<vec4f, TILE_K * (WORKGROUP + 1u)>;
// For each k of a tile and of the next one: offset of the channel in x, t, u, offset in the weight. No position reaches t = OUTSIDE.
var<workgroup> taps: array<vec4i, 2u * TILE_K>;
const OUTSIDE = -0x40000000;

fn tap(k: u32) -> vec4i {
  let area = max(params.taps_y * params.taps_x, 1u);
  let c = k / area;
  let t = k % area / max(params.taps_x, 1u);
  let u = k % max(params.taps_x, 1u);
  let at = i32(c) * params.weight_c + i32(t) * params.weight_y + i32(u) * params.weight_x;
  return vec4i(i32(c * params.h * params.w), select(OUTSIDE, i32(t), k < params.c * params.taps_y * params.taps_x), i32(u), at);
}

// The weights of four channels at a tap; past the last channel those of the last one, past the last tap any.
fn weights_at(channel: u32, this_tap: vec4i) -> vec4f {
  let channels = vec4i(min(vec4u(channel) + vec4u(0u, 1u, 2u, 3u), vec4u(params.m - 1u)));
  let offset = select(0, this_tap.w, this_tap.y != OUTSIDE);
  let at = vec4u(channels * params.weight_m + offset + i32(params.weight_base));
  return vec4f(weight[at.x], weight[at.y], weight[at.z], weight[at.w]);
}

// What four pixels see of x through a tap.
fn pixels_at(base: vec4i, top: vec4i, left: vec4i, this_tap: vec4i) -> vec4f {
  let row = top + this_tap.y;
  let column = left + this_tap.z;
  let inside = (vec4u(row) < vec4u(params.h)) & (vec4u(column) < vec4u(params.w)); // negative positions are large as unsigned ones
  let at = vec4u(select(vec4i(), base + this_tap.x + row * i32(params.w) + column, inside));
  return select(vec4f(), vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), inside);
}

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: vec4f) -> vec4<bool> { return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u); }

fn activate(v: vec4f) -> vec4f {
  switch params.activation {
    case ACTIVATION_RELU: { return select(v, vec4f(0.0), (v < vec4f(0.0)) & !is_nan(v)); }
    case ACTIVATION_LEAKY_RELU: { return select(v, params.slope * v, v < vec4f(0.0)); }
    case ACTIVATION_SIGMOID: { return select(1.0 / (1.0 + exp(-max(v, vec4f(-87.0)))), v, is_nan(v)); }
    case ACTIVATION_TANH: { return select(tanh(clamp(v, vec4f(-15.0), vec4f(15.0))), v, is_nan(v)); }
    default: { return v; }
  }
}

// Image, Y and X of the pixels of a group; past the end those of the last pixel.
fn images(pixel: vec4u) -> vec4u {
  return pixel / (params.rows * params.columns);
}
fn rows_of(pixel: vec4u) -> vec4u {
  return pixel / params.columns % params.rows;
}

// Where the pixels of a group lie in y, for channel 0.
fn places(pixel: vec4u) -> vec4u {
  let row = rows_of(pixel) * params.out_step_y + params.out_y;
  let column = pixel % params.columns * params.out_step_x + params.out_x;
  return (images(pixel) * params.m * params.out_h + row) * params.out_w + column;
}

fn store(channel: u32, place: vec4u, valid: vec4<bool>, sum: vec4f) {
  if (channel >= params.m) {
    return;
  }
  var v = sum;
  if (params.has_bias != 0u) {
    v += bias[channel];
  }
  v = activate(v);
  let to = place + channel * params.out_h * params.out_w;
  if (valid.x) {
    y[to.x] = v.x;
  }
  if (valid.y) {
    y[to.y] = v.y;
  }
  if (valid.z) {
    y[to.z] = v.z;
  }
  if (valid.w) {
    y[to.w] = v.w;
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  // Invocations along the channels (4 rows twice each) and along the pixels; the launch in src/kernels.ts counts the same.
  let tall = select(select(8u, 4u, params.m <= 32u), 2u, params.m <= 16u);
  let wide = WORKGROUP / tall;
  let a_groups = 2u * tall;
  let b_groups = 2u * wide;
  let a_row = a_groups + 1u;
  let b_row = b_groups + 1u;
  let along = index % wide;
  let across = index / wide;
  let first_channel = group.z * 8u * tall;
  let first_pixel = (group.x + group.y * groups.x) * 8u * wide;
  let total = params.n * params.rows * params.columns;
  let depth = params.c * params.taps_y * params.taps_x;

  // The four pixels that this invocation gathers, for some of the k of a tile.
  let lanes = vec4u(0u, 1u, 2u, 3u);
  let mine = min(vec4u(first_pixel + 4u * (index % b_groups)) + lanes, vec4u(total - 1u));
  let base = vec4i(images(mine) * params.c * params.h * params.w);
  let top = vec4i(rows_of(mine) * params.step_y) + params.top;
  let left = vec4i(mine % params.columns * params.step_x) + params.left;

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

  // What this invocation brings to a tile: two groups of channels and two, four or eight of pixels, with 64 invocations and 8 of k. It is asked
  // for while the tile before is summed.
  let k_a = index % TILE_K;
  let group_a = index / TILE_K;
  let step_a = WORKGROUP / TILE_K;
  let k_b = index / b_groups;
  let step_b = WORKGROUP / b_groups;
  let group_b = index % b_groups;
  var a0 = vec4f();
  var a1 = vec4f();
  var b0 = vec4f();
  var b1 = vec4f();
  var b2 = vec4f();
  var b3 = vec4f();
  var b4 = vec4f();
  var b5 = vec4f();
  var b6 = vec4f();
  var b7 = vec4f();
  if (index < 2u * TILE_K) {
    taps[index] = tap(index);
  }
  workgroupBarrier();
  for (var first = 0u; first < depth + TILE_K; first += TILE_K) {
    let half = first / TILE_K % 2u * TILE_K;
    if (first > 0u) {
      if (group_a < a_groups) { tile_a[k_a * a_row + group_a] = a0; }
      if (tall == 8u) { tile_a[k_a * a_row + group_a + step_a] = a1; }
      tile_b[k_b * b_row + group_b] = b0;
      tile_b[(k_b + step_b) * b_row + group_b] = b1;
      if (tall < 8u) {
        tile_b[(k_b + 2u * step_b) * b_row + group_b] = b2;
        tile_b[(k_b + 3u * step_b) * b_row + group_b] = b3;
      }
      if (tall < 4u) {
        tile_b[(k_b + 4u * step_b) * b_row + group_b] = b4;
        tile_b[(k_b + 5u * step_b) * b_row + group_b] = b5;
        tile_b[(k_b + 6u * step_b) * b_row + group_b] = b6;
        tile_b[(k_b + 7u * step_b) * b_row + group_b] = b7;
      }
      if (index < TILE_K) { taps[TILE_K - half + index] = tap(first + TILE_K + index); }
    }
    workgroupBarrier();
    if (first < depth) {
      let live = first + k_a < depth;
      a0 = select(vec4f(), weights_at(first_channel + 4u * group_a, taps[half + k_a]), live);
      if (tall == 8u) { a1 = select(vec4f(), weights_at(first_channel + 4u * (group_a + step_a), taps[half + k_a]), live); }
      b0 = pixels_at(base, top, left, taps[half + k_b]);
      b1 = pixels_at(base, top, left, taps[half + k_b + step_b]);
      if (tall < 8u) {
        b2 = pixels_at(base, top, left, taps[half + k_b + 2u * step_b]);
        b3 = pixels_at(base, top, left, taps[half + k_b + 3u * step_b]);
      }
      if (tall < 4u) {
        b4 = pixels_at(base, top, left, taps[half + k_b + 4u * step_b]);
        b5 = pixels_at(base, top, left, taps[half + k_b + 5u * step_b]);
        b6 = pixels_at(base, top, left, taps[half + k_b + 6u * step_b]);
        b7 = pixels_at(base, top, left, taps[half + k_b + 7u * step_b]);
      }
    }
    if (first > 0u) {
      for (var k = 0u; k < TILE_K; k++) {
        let upper = tile_a[k * a_row + across];
        let lower = tile_a[k * a_row + across + tall];
        let near = tile_b[k * b_row + along];
        let far = tile_b[k * b_row + along + wide];
        l0 += upper.x * near;
        r0 += upper.x * far;
        l1 += upper.y * near;
        r1 += upper.y * far;
        l2 += upper.z * near;
        r2 += upper.z * far;
        l3 += upper.w * near;
        r3 += upper.w * far;
        l4 += lower.x * near;
        r4 += lower.x * far;
        l5 += lower.y * near;
        r5 += lower.y * far;
        l6 += lower.z * near;
        r6 += lower.z * far;
        l7 += lower.w * near;
        r7 += lower.w * far;
      }
    }
    workgroupBarrier();
  }

  // A loop, since compilers that unroll nothing then see one store instead of sixteen.
  var sums = array<vec4f, 16>(l0, l1, l2, l3, l4, l5, l6, l7, r0, r1, r2, r3, r4, r5, r6, r7);
  for (var half = 0u; half < 2u; half++) {
    let pixel = vec4u(first_pixel + 4u * (along + half * wide)) + lanes;
    let place = places(pixel);
    for (var s = 0u; s < 8u; s++) {
      let channel = first_channel + 4u * across + s % 4u + select(0u, 4u * tall, s >= 4u);
      store(channel, place, pixel < vec4u(total), sums[8u * half + s]);
    }
  }
}
