// for t < steps: b = nearest of codebook to x[order[t]]; codebook[j] += rate[t] h(d(b,j)) (x − codebook[j]), h = exp(−d²/(2 sigma[t]²)), 0 for d > cutoff[t]
//
// x [n,d], initial and codebook [k,d], positions [k,2] of the units on the grid, winners[t] = b. period_x, period_y > 0: the grid closes on itself, d is
// the shortest way around. bubble = 1: h = 1 within sigma[t]. One workgroup; an invocation owns every `size`-th unit, so only the winner is exchanged.
struct Params { d: u32, k: u32, steps: u32, bubble: u32, period_x: f32, period_y: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> initial: array<f32>;
@group(0) @binding(3) var<storage, read> positions: array<f32>;
@group(0) @binding(4) var<storage, read> order: array<u32>;
@group(0) @binding(5) var<storage, read> schedule: array<f32>;
@group(0) @binding(6) var<storage, read_write> codebook: array<f32>;
@group(0) @binding(7) var<storage, read_write> winners: array<u32>;

override size: u32 = 128u;

var<workgroup> scores: array<f32, size>;
var<workgroup> nearest: array<u32, size>;

fn around(difference: f32, period: f32) -> f32 {
  let way = abs(difference);
  return select(way, min(way, period - way), period > 0.0);
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32) {
  for (var j = lane; j < params.k; j += size) {
    for (var c = 0u; c < params.d; c++) { codebook[j * params.d + c] = initial[j * params.d + c]; }
  }
  for (var t = 0u; t < params.steps; t++) {
    let row = order[t] * params.d;
    var best = 3.4028234e38f;
    var label = 0xffffffffu;
    for (var j = lane; j < params.k; j += size) {
      var sum = 0.0;
      for (var c = 0u; c < params.d; c++) {
        let difference = x[row + c] - codebook[j * params.d + c];
        sum += difference * difference;
      }
      if (sum < best || label == 0xffffffffu) {
        best = sum;
        label = j;
      }
    }
    scores[lane] = best;
    nearest[lane] = label;
    workgroupBarrier();
    for (var step = size / 2u; step > 0u; step /= 2u) {
      if (lane < step) {
        let score = scores[lane + step];
        let other = nearest[lane + step];
        if (score < scores[lane] || (score == scores[lane] && other < nearest[lane])) {
          scores[lane] = score;
          nearest[lane] = other;
        }
      }
      workgroupBarrier();
    }
    let winner = nearest[0];
    workgroupBarrier();
    if (lane == 0u) { winners[t] = winner; }
    let sigma = schedule[3u * t];
    let rate = schedule[3u * t + 1u];
    let cutoff = schedule[3u * t + 2u];
    for (var j = lane; j < params.k; j += size) {
      let dx = around(positions[2u * j] - positions[2u * winner], params.period_x);
      let dy = around(positions[2u * j + 1u] - positions[2u * winner + 1u], params.period_y);
      let square = dx * dx + dy * dy;
      let gaussian = exp(max(-square / (2.0 * sigma * sigma), -87.0));
      var h = select(gaussian, select(0.0, 1.0, square <= sigma * sigma), params.bubble == 1u);
      h = select(h, 0.0, square > cutoff * cutoff);
      for (var c = 0u; c < params.d; c++) {
        let before = codebook[j * params.d + c];
        codebook[j * params.d + c] = before + rate * h * (x[row + c] - before);
      }
    }
  }
}
