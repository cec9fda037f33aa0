// y[index[i], c] += src[i, c] for i = 0, 1, ..., m - 1 in this order; index [m], src [m, width], y [n, width]. An index of n or more turns
// row 0 into `outside`. Invocations own (row mod owners, column): each reads the whole index list and adds what falls to it, so that
// sums are ordered without atomics. A workgroup owns `columns` neighbouring columns (a power of two) for size / columns owners.
struct Params { m: u32, n: u32, width: u32, columns: u32, owners: u32, outside: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> index: array<u32>;
@group(0) @binding(2) var<storage, read> src: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override size: u32 = 256u;
var<workgroup> rows: array<u32, size>;

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let columns = params.columns;
  let tiles = (params.width + columns - 1u) / columns;
  let tile = group.x + group.y * groups.x;
  let c = (tile % tiles) * columns + lane % columns;
  let owner = (tile / tiles) * (size / columns) + lane / columns;
  let live = c < params.width && owner < params.owners;
  var row = 0u; // the row whose sum is at hand: it goes back to memory when another comes
  var sum = 0.0;
  var held = false;
  for (var first = 0u; first < params.m; first += size) {
    if (first + lane < params.m) { rows[lane] = index[first + lane]; }
    workgroupBarrier();
    let count = min(size, params.m - first);
    if (live) {
      for (var j = 0u; j < count; j++) {
        let r = rows[j];
        let outside = r >= params.n;
        if (outside && owner != 0u) { continue; }
        if (!outside && r % params.owners != owner) { continue; }
        let to = select(r, 0u, outside);
        if (!held || to != row) {
          if (held) { y[row * params.width + c] = sum; }
          row = to;
          sum = y[row * params.width + c];
          held = true;
        }
        sum += select(src[(first + j) * params.width + c], params.outside, outside);
      }
    }
    workgroupBarrier();
  }
  if (held) { y[row * params.width + c] = sum; }
}
