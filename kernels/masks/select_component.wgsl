// chosen[i, r, c] = 1 where labels [n, h, w] have the number picked in image i, else 0: by = 0 the component of the pixel at (row, column), or of
// the pixel nearest to it, by = 1 the largest; ties take the lowest number. count [n] is how many there are. A workgroup takes an image.
struct Params { n: u32, h: u32, w: u32, by: u32, row: u32, column: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> count: array<u32>;
@group(0) @binding(3) var<storage, read_write> chosen: array<u32>;

const NONE = 0xffffffffu;
var<workgroup> scores: array<u32, 256>;
var<workgroup> numbers: array<u32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let image = id.x + id.y * groups.x;
  let area = select(0u, params.h * params.w, image < params.n);
  let start = image * params.h * params.w;
  // the least of a squared distance, or of what is left of the image beside a component
  var best = NONE;
  var number = NONE;
  if (params.by == 0u) {
    for (var p = lane; p < area; p += 256u) {
      let label = labels[start + p];
      let row = max(p / params.w, params.row) - min(p / params.w, params.row);
      let column = max(p % params.w, params.column) - min(p % params.w, params.column);
      let score = row * row + column * column;
      if (label != 0u && (score < best || (score == best && label < number))) {
        best = score;
        number = label;
      }
    }
  } else if (area > 0u) {
    for (var label = lane + 1u; label <= count[image]; label += 256u) {
      var score = area;
      for (var p = 0u; p < area; p++) { score -= select(0u, 1u, labels[start + p] == label); }
      if (score < best) {
        best = score;
        number = label;
      }
    }
  }
  scores[lane] = best;
  numbers[lane] = number;
  workgroupBarrier();
  for (var step = 128u; step > 0u; step /= 2u) {
    if (lane < step) {
      let score = scores[lane + step];
      let other = numbers[lane + step];
      if (score < scores[lane] || (score == scores[lane] && other < numbers[lane])) {
        scores[lane] = score;
        numbers[lane] = other;
      }
    }
    workgroupBarrier();
  }
  let picked = numbers[0];
  for (var p = lane; p < area; p += 256u) { chosen[start + p] = select(0u, 1u, labels[start + p] == picked); }
}
