// dw[z, o, c, i, j] = Σ dy[s, o, Y, X] x[s, c, Y sh + i - ph, X sw + j - pw] over the rows (s, Y) of chunk z; x [n,c,h,w], dy [n,o,oh,ow]
//
// The n·oh rows are cut into `chunks` of `length` (the last may be shorter), whose sums the caller adds up in order: few
// outputs and a long sum give a GPU enough to do, and no atomics. x counts as 0 outside.
// An implicit product of dy [o, pixels] and x [pixels, c·kh·kw]: a workgroup computes 16 channels × 256 taps, 32 × 128 or 64 × 64,
// an invocation twice 4 channels by twice 4 taps of it in registers, TILE_K pixels at a time in workgroup memory.
// Grid: x = workgroups of taps, y = workgroups of channels, z = chunks.

struct Params {
  n: u32,
  c: u32,
  h: u32,
  w: u32,
  o: u32,
  oh: u32,
  ow: u32,
  kh: u32,
  kw: u32,
  sh: u32,
  sw: u32,
  ph: u32,
  pw: u32,
  chunks: u32,
  length: u32,
}

override WORKGROUP: u32 = 64u;
override TILE_K: u32 = 8u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dw: array<f32>;

// [k][group of 4 channels] and [k][group of 4 taps]; the spare group in each row spreads the stores over the banks.
var<workgroup> tile_a: array<vec4f, TILE_K * (WORKGROUP / 4u + 1u)>;
var<workgroup> tile_b: array<vec4f, TILE_K * (WORKGROUP + 1u)>;
// For each tap (c, i, j) of the workgroup: offset in x, i << 16 | j.
var<workgroup> taps: array<vec2i, 4u * WORKGROUP>;

// What one pixel, whose window begins at (row, column), sees of x through four taps.
fn pixels_at(corner: i32, row: i32, column: i32, tap: u32) -> vec4f {
  let t0 = taps[tap];
  let t1 = taps[tap + 1u];
  let t2 = taps[tap + 2u];
  let t3 = taps[tap + 3u];
  let packed = vec4i(t0.y, t1.y, t2.y, t3.y);
  let i = row + (packed >> vec4u(16u));
  let j = column + (packed & vec4i(0xffff));
  let inside = (vec4u(i) < vec4u(params.h)) & (vec4u(j) < vec4u(params.w)); // negative positions are large as unsigned ones
  let at = vec4u(select(vec4i(), corner + vec4i(t0.x, t1.x, t2.x, t3.x), inside));
  return select(vec4f(), vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), inside);
}

// dy of four channels at a pixel; past the last channel those of the last one.
fn slopes_at(start: u32, channel: u32, plane: u32) -> vec4f {
  let at = start + min(vec4u(channel) + vec4u(0u, 1u, 2u, 3u), vec4u(params.o - 1u)) * plane;
  return vec4f(dy[at.x], dy[at.y], dy[at.z], dy[at.w]);
}

fn store(z: u32, channel: u32, column: u32, sum: vec4f) {
  if (channel >= params.o) {
    return;
  }
  let columns = params.c * params.kh * params.kw;
  let to = (z * params.o + channel) * columns + column;
  if (column < columns) {
    dw[to] = sum.x;
  }
  if (column + 1u < columns) {
    dw[to + 1u] = sum.y;
  }
  if (column + 2u < columns) {
    dw[to + 2u] = sum.z;
  }
  if (column + 3u < columns) {
    dw[to + 3u] = sum.w;
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  // Invocations along the channels (4 rows twice each) and along the taps; the launch in src/kernels.ts counts the same.
  let tall = select(select(8u, 4u, params.o <= 32u), 2u, params.o <= 16u);
  let wide = WORKGROUP / tall;
  let a_groups = 2u * tall;
  let b_groups = 2u * wide;
  let a_row = a_groups + 1u;
  let b_row = b_groups + 1u;
  let along = index % wide;
  let across = index / wide;
  let first_channel = group.y * 8u * tall;
  let first_column = group.x * 8u * wide;
  let columns = params.c * params.kh * params.kw;
  let plane = params.oh * params.ow;
  let begin = group.z * params.length * params.ow;
  let end = min(begin + params.length * params.ow, params.n * plane);
  let live = min(b_groups, (columns - first_column + 3u) / 4u); // groups of taps that exist

  for (var s = index; s < 4u * b_groups; s += WORKGROUP) {
    let column = min(first_column + s, columns - 1u);
    let c = column / (params.kh * params.kw);
    let i = column / params.kw % params.kh;
    let j = column % params.kw;
    let offset = i32((c * params.h + i) * params.w + j);
    taps[s] = vec2i(offset, i32((i << 16u) | j));
  }

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

  // An invocation brings one pixel of a tile, for one or two groups of channels and two, four or eight of taps, with 64 invocations and 8
  // pixels. It is asked for while the tile before is summed.
  let k = index % TILE_K;
  let group_of = index / TILE_K;
  let step = WORKGROUP / TILE_K;
  let last_tap = live - 1u;
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
  workgroupBarrier();
  for (var first = begin; first < end + TILE_K; first += TILE_K) {
    if (first > begin) {
      if (group_of < a_groups) { tile_a[k * a_row + group_of] = a0; }
      if (tall == 8u) { tile_a[k * a_row + group_of + step] = a1; }
      tile_b[k * b_row + group_of] = b0;
      tile_b[k * b_row + group_of + step] = b1;
      if (tall < 8u) {
        tile_b[k * b_row + group_of + 2u * step] = b2;
        tile_b[k * b_row + group_of + 3u * step] = b3;
      }
      if (tall < 4u) {
        tile_b[k * b_row + group_of + 4u * step] = b4;
        tile_b[k * b_row + group_of + 5u * step] = b5;
        tile_b[k * b_row + group_of + 6u * step] = b6;
        tile_b[k * b_row + group_of + 7u * step] = b7;
      }
    }
    workgroupBarrier();
    if (first < end) {
      let pixel = min(first + k, end - 1u);
      let counts = first + k < end;
      let image = pixel / plane;
      let row = i32(pixel / params.ow % params.oh * params.sh) - i32(params.ph);
      let column = i32(pixel % params.ow * params.sw) - i32(params.pw);
      let start = image * params.o * plane + pixel % plane;
      a0 = select(vec4f(), slopes_at(start, first_channel + 4u * group_of, plane), counts);
      if (tall == 8u) { a1 = select(vec4f(), slopes_at(start, first_channel + 4u * (group_of + step), plane), counts); }
      let corner = i32(image * params.c * params.h * params.w) + row * i32(params.w) + column;
      b0 = pixels_at(corner, row, column, 4u * min(group_of, last_tap));
      b1 = pixels_at(corner, row, column, 4u * min(group_of + step, last_tap));
      if (tall < 8u) {
        b2 = pixels_at(corner, row, column, 4u * min(group_of + 2u * step, last_tap));
        b3 = pixels_at(corner, row, column, 4u * min(group_of + 3u * step, last_tap));
      }
      if (tall < 4u) {
        b4 = pixels_at(corner, row, column, 4u * min(group_of + 4u * step, last_tap));
        b5 = pixels_at(corner, row, column, 4u * min(group_of + 5u * step, last_tap));
        b6 = pixels_at(corner, row, column, 4u * min(group_of + 6u * step, last_tap));
        b7 = pixels_at(corner, row, column, 4u * min(group_of + 7u * step, last_tap));
      }
    }
    if (first > begin && along < live) {
      for (var p = 0u; p < TILE_K; p++) {
        let upper = tile_a[p * a_row + across];
        let lower = tile_a[p * a_row + across + tall];
        let near = tile_b[p * b_row + along];
        let far = tile_b[p * b_row + along + wide];
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
  var sums = array<vec4f, 16>(l0, r0, l1, r1, l2, r2, l3, r3, l4, r4, l5, r5, l6, r6, l7, r7);
  for (var s = 0u; s < 16u; s++) {
    let channel = first_channel + 4u * across + s / 2u % 4u + select(0u, 4u * tall, s >= 8u);
    let column = first_column + 4u * (along + s % 2u * wide);
    store(group.z, channel, column, sums[s]);
  }
}
