// centers[k] = mean of (y, x, image[·,y,x]) over the pixels with labels[y,x] = k, counts[k] = how many; image [bands,height,width], centers [k,2 + bands]
//
// boxes [k,4]: first row, row after the last, first column, column after the last of what may hold such pixels. A seed without pixels: zeros. A workgroup a
// seed, four sums at a time over its box; ordered, so the same sums every time. The WebAssembly twin sums in float64.
struct Params { height: u32, width: u32, bands: u32, k: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> image: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read> boxes: array<u32>;
@group(0) @binding(4) var<storage, read_write> centers: array<f32>;
@group(0) @binding(5) var<storage, read_write> counts: array<u32>;

override size: u32 = 64u;
var<workgroup> tree: array<vec4f, size>;
var<workgroup> members: f32;

// quantity q of a pixel: 1, y and x within the box, then the bands
fn quantity(q: u32, y: u32, x: u32, top: u32, left: u32) -> f32 {
  if (q == 0u) { return 1.0; }
  if (q == 1u) { return f32(y - top); }
  if (q == 2u) { return f32(x - left); }
  if (q - 3u >= params.bands) { return 0.0; }
  return image[((q - 3u) * params.height + y) * params.width + x];
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let k = min(group.x + group.y * groups.x, params.k - 1u);
  let top = boxes[4u * k];
  let left = boxes[4u * k + 2u];
  let width = boxes[4u * k + 3u] - left;
  let pixels = (boxes[4u * k + 1u] - top) * width;
  let stride = params.bands + 2u;
  for (var first = 0u; first < params.bands + 3u; first += 4u) {
    var sums = vec4f();
    for (var t = lane; t < pixels; t += size) {
      let y = top + t / width;
      let x = left + t % width;
      if (labels[y * params.width + x] == k) {
        sums += vec4f(
          quantity(first, y, x, top, left),
          quantity(first + 1u, y, x, top, left),
          quantity(first + 2u, y, x, top, left),
          quantity(first + 3u, y, x, top, left),
        );
      }
    }
    tree[lane] = sums;
    workgroupBarrier();
    for (var step = size / 2u; step > 0u; step /= 2u) {
      if (lane < step) { tree[lane] += tree[lane + step]; }
      workgroupBarrier();
    }
    if (lane == 0u) {
      if (first == 0u) { members = tree[0].x; }
      let scale = select(0.0, 1.0 / members, members > 0.0);
      for (var i = 0u; i < 4u; i++) {
        let q = first + i;
        let total = select(select(tree[0].z, tree[0].w, i == 3u), select(tree[0].x, tree[0].y, i == 1u), i < 2u);
        let origin = select(select(0.0, f32(left), q == 2u), f32(top), q == 1u);
        if (q > 0u && q < params.bands + 3u) { centers[k * stride + q - 1u] = select(0.0, total * scale + origin, members > 0.0); }
      }
      if (first == 0u) { counts[k] = u32(members); }
    }
    workgroupBarrier();
  }
}
