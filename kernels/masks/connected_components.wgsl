// labels[i, r, c]: number from 1 of the component of nonzero pixels of mask [n, h, w] in order of their first pixels, 0 outside; count [n].
// Neighbours are 4 or 8. A workgroup takes an image: every pixel takes the least label around it and that of the pixel so named, until none
// changes. `work` [n, h, w] is lent.
struct Params { n: u32, h: u32, w: u32, neighbours: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> mask: array<u32>;
@group(0) @binding(2) var<storage, read_write> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> work: array<u32>;
@group(0) @binding(4) var<storage, read_write> count: array<u32>;

var<workgroup> totals: array<u32, 256>;
var<workgroup> changes: u32;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let image = id.x + id.y * groups.x;
  let area = select(0u, params.h * params.w, image < params.n);
  let start = image * params.h * params.w;
  for (var p = lane; p < area; p += 256u) { labels[start + p] = select(0u, p + 1u, mask[start + p] != 0u); }
  for (var round = 0u; round <= params.h * params.w; round++) {
    storageBarrier();
    workgroupBarrier();
    var changed = 0u;
    for (var p = lane; p < area; p += 256u) {
      let own = labels[start + p];
      var least = own;
      if (own != 0u) {
        let r = p / params.w;
        let c = p % params.w;
        let top = max(r, 1u) - 1u;
        let left = max(c, 1u) - 1u;
        for (var i = top; i <= min(r + 1u, params.h - 1u); i++) {
          for (var j = left; j <= min(c + 1u, params.w - 1u); j++) {
            if (params.neighbours == 4u && i != r && j != c) { continue; }
            let around = labels[start + i * params.w + j];
            if (around != 0u) { least = min(least, around); }
          }
        }
        least = min(least, labels[start + least - 1u]);
        if (least != own) { changed = 1u; }
      }
      work[start + p] = least;
    }
    totals[lane] = changed;
    storageBarrier();
    workgroupBarrier();
    for (var p = lane; p < area; p += 256u) { labels[start + p] = work[start + p]; }
    if (lane == 0u) {
      var sum = 0u;
      for (var i = 0u; i < 256u; i++) { sum += totals[i]; }
      changes = sum;
    }
    if (workgroupUniformLoad(&changes) == 0u) { break; }
  }
  // numbers: each lane counts the first pixels in its stretch of the image
  let stretch = (area + 255u) / 256u;
  let first = min(lane * stretch, area);
  let last = min(first + stretch, area);
  var own = 0u;
  for (var p = first; p < last; p++) { own += select(0u, 1u, labels[start + p] == p + 1u); }
  totals[lane] = own;
  workgroupBarrier();
  if (lane == 0u) {
    var sum = 0u;
    for (var i = 0u; i < 256u; i++) {
      let next = sum + totals[i];
      totals[i] = sum;
      sum = next;
    }
    if (image < params.n) { count[image] = sum; }
  }
  workgroupBarrier();
  var number = totals[lane];
  for (var p = first; p < last; p++) {
    if (labels[start + p] == p + 1u) {
      number++;
      work[start + p] = number;
    }
  }
  storageBarrier();
  workgroupBarrier();
  for (var p = lane; p < area; p += 256u) {
    let label = labels[start + p];
    if (label != 0u) { labels[start + p] = work[start + label - 1u]; }
  }
}
