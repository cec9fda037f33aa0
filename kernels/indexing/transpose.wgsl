// y[b, j, i] = x[b, i, j], x [batch, rows, columns], y [batch, columns, rows], through tiles of 32 x 32 in workgroup memory, so that
// both sides move along rows. Elements are moved as words.
struct Params { batch: u32, rows: u32, columns: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

var<workgroup> words: array<u32, 1056>; // rows of 33: neighbours in a column lie in different banks

@compute @workgroup_size(32, 8)
fn main(@builtin(local_invocation_id) lane: vec3u, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let across = (params.columns + 31u) / 32u;
  let down = (params.rows + 31u) / 32u;
  let tile = group.x + group.y * groups.x;
  let b = tile / (across * down);
  let i0 = ((tile / across) % down) * 32u;
  let j0 = (tile % across) * 32u;
  let base = b * params.rows * params.columns;
  let live = b < params.batch;
  for (var k = lane.y; k < 32u; k += 8u) {
    if (live && i0 + k < params.rows && j0 + lane.x < params.columns) {
      words[k * 33u + lane.x] = x[base + (i0 + k) * params.columns + j0 + lane.x];
    }
  }
  workgroupBarrier();
  for (var k = lane.y; k < 32u; k += 8u) {
    if (live && j0 + k < params.columns && i0 + lane.x < params.rows) {
      y[base + (j0 + k) * params.rows + i0 + lane.x] = words[lane.x * 33u + k];
    }
  }
}
