// starts[j] = the first position whose label is j or higher, of rows order [n] that are sorted by labels [n] below k; starts [k + 1]
//
// An invocation takes the labels from behind that of the position before up to its own. Once `halted` is set, nothing is written.
struct Params { n: u32, k: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> halted: array<u32>;
@group(0) @binding(4) var<storage, read_write> starts: array<u32>;

override size: u32 = 256u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let p = id.x + id.y * groups.x * size;
  if (halted[0] != 0u || p > params.n) { return; }
  var low = 0u;
  if (p > 0u) { low = labels[order[p - 1u]] + 1u; }
  var high = params.k;
  if (p < params.n) { high = labels[order[p]]; }
  for (var j = low; j <= high; j++) { starts[j] = p; }
}
