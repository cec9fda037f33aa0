// y[i, k, c] = Σ of image [n, bands, h, w] band c over the pixels with number k + 1 in labels [n, h, w]; y [n, slots, bands]. A workgroup takes one
// of them and adds in order.
struct Params { n: u32, bands: u32, h: u32, w: u32, slots: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> image: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.x + id.y * groups.x;
  let exists = item < params.n * params.slots * params.bands;
  let area = params.h * params.w;
  let count = select(0u, area, exists);
  let which = item / params.bands / params.slots;
  let number = item / params.bands % params.slots + 1u;
  let plane = (which * params.bands + item % params.bands) * area;
  var sum = 0.0;
  for (var p = lane; p < count; p += 64u) {
    if (labels[which * area + p] == number) { sum += image[plane + p]; }
  }
  sums[lane] = sum;
  workgroupBarrier();
  for (var step = 32u; step > 0u; step /= 2u) {
    if (lane < step) { sums[lane] += sums[lane + step]; }
    workgroupBarrier();
  }
  if (lane == 0u && exists) { y[item] = sums[0]; }
}
