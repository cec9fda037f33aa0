// statistics[i, k] of the pixels with number k + 1 in labels [n, h, w]: area, mean row, mean column, first row, first column, last row + 1, last
// column + 1, and the mean squares and product of what rows and columns are off their means; [n, slots, 10]. Without pixels: 0, means and
// moments `nothing` (the bits of NaN). A workgroup takes a component.
struct Params { n: u32, h: u32, w: u32, slots: u32, nothing: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read_write> statistics: array<f32>;

var<workgroup> sums: array<vec4f, 64>;
var<workgroup> lows: array<vec2u, 64>;
var<workgroup> highs: array<vec2u, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.x + id.y * groups.x;
  let exists = item < params.n * params.slots;
  let area = select(0u, params.h * params.w, exists);
  let start = item / params.slots * params.h * params.w;
  let number = item % params.slots + 1u;
  var sum = vec4f(0.0);
  var low = vec2u(0xffffffffu);
  var high = vec2u(0u);
  for (var p = lane; p < area; p += 64u) {
    if (labels[start + p] != number) { continue; }
    let at = vec2u(p / params.w, p % params.w);
    sum += vec4f(1.0, f32(at.x), f32(at.y), 0.0);
    low = min(low, at);
    high = max(high, at + 1u);
  }
  sums[lane] = sum;
  lows[lane] = low;
  highs[lane] = high;
  workgroupBarrier();
  for (var step = 32u; step > 0u; step /= 2u) {
    if (lane < step) {
      sums[lane] += sums[lane + step];
      lows[lane] = min(lows[lane], lows[lane + step]);
      highs[lane] = max(highs[lane], highs[lane + step]);
    }
    workgroupBarrier();
  }
  let total = sums[0];
  let mean = total.yz / max(total.x, 1.0);
  workgroupBarrier();
  sum = vec4f(0.0);
  for (var p = lane; p < area; p += 64u) {
    if (labels[start + p] != number) { continue; }
    let off = vec2f(f32(p / params.w), f32(p % params.w)) - mean;
    sum += vec4f(off.x * off.x, off.x * off.y, off.y * off.y, 0.0);
  }
  sums[lane] = sum;
  workgroupBarrier();
  for (var step = 32u; step > 0u; step /= 2u) {
    if (lane < step) { sums[lane] += sums[lane + step]; }
    workgroupBarrier();
  }
  if (lane > 0u || !exists) { return; }
  let to = item * 10u;
  let some = total.x > 0.0;
  let nothing = bitcast<f32>(params.nothing);
  let moments = sums[0] / max(total.x, 1.0);
  statistics[to] = total.x;
  statistics[to + 1u] = select(nothing, mean.x, some);
  statistics[to + 2u] = select(nothing, mean.y, some);
  statistics[to + 3u] = select(0.0, f32(lows[0].x), some);
  statistics[to + 4u] = select(0.0, f32(lows[0].y), some);
  statistics[to + 5u] = f32(highs[0].x);
  statistics[to + 6u] = f32(highs[0].y);
  statistics[to + 7u] = select(nothing, moments.x, some);
  statistics[to + 8u] = select(nothing, moments.y, some);
  statistics[to + 9u] = select(nothing, moments.z, some);
}
