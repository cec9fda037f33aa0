// One step of a bitonic merge of keys with their places, in place: elements j apart of runs of k change places where they are out of order;
// keys, places [series, padded], padded a power of two
struct Params { series: u32, padded: u32, k: u32, j: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> keys: array<u32>;
@group(0) @binding(2) var<storage, read_write> places: array<u32>;

override size: u32 = 256u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pair = id.x + id.y * groups.x * size;
  let half = params.padded / 2u;
  if (pair >= params.series * half) { return; }
  let e = pair % half;
  let within = e / params.j * 2u * params.j + e % params.j;
  let a = pair / half * params.padded + within;
  let b = a + params.j;
  let k = params.k;
  let up = (within & k) == 0u;
  let later = select(keys[a] > keys[b], places[a] > places[b], keys[a] == keys[b]);
  if (later != up) { return; }
  let key = keys[a];
  keys[a] = keys[b];
  keys[b] = key;
  let place = places[a];
  places[a] = places[b];
  places[b] = place;
}
