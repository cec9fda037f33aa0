// labels[y,x] = argmin_k ‖(y,x) − (cy,cx)‖²/step² + Σ_b (image[b,y,x] − colour_k[b])² over the seeds k whose window holds the pixel, ties to the lowest k
//
// image [bands,height,width]; centers [k,2 + bands]: cy, cx, colours; windows [k,4]: first row, row after the last, first column, column after the last.
// Seeds lie in cells of cell_y by cell_x pixels by their centres, and windows reach two cells: members[cells[c] .. cells[c + 1]] are the seeds of cell c.
// A masked pixel, 2³² − 1 in previous, stays so; one that no window holds keeps its label. colored = 0: the place alone decides.
struct Params { height: u32, width: u32, bands: u32, cells_y: u32, cells_x: u32, cell_y: u32, cell_x: u32, colored: u32, weight: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> image: array<f32>;
@group(0) @binding(2) var<storage, read> centers: array<f32>;
@group(0) @binding(3) var<storage, read> windows: array<u32>;
@group(0) @binding(4) var<storage, read> cells: array<u32>;
@group(0) @binding(5) var<storage, read> members: array<u32>;
@group(0) @binding(6) var<storage, read> previous: array<u32>;
@group(0) @binding(7) var<storage, read_write> labels: array<u32>;

override size: u32 = 64u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  let pixels = params.height * params.width;
  if (i >= pixels) { return; }
  let y = i / params.width;
  let x = i % params.width;
  var label = previous[i];
  if (label != 0xffffffffu) {
    var best = 3.4028234e38f;
    var nearest = 0xffffffffu;
    let row = y / params.cell_y;
    let column = x / params.cell_x;
    let stride = params.bands + 2u;
    let top = select(0u, row - 2u, row > 2u);
    let left = select(0u, column - 2u, column > 2u);
    for (var r = top; r < min(row + 3u, params.cells_y); r++) {
      for (var c = left; c < min(column + 3u, params.cells_x); c++) {
        let cell = r * params.cells_x + c;
        for (var m = cells[cell]; m < cells[cell + 1u]; m++) {
          let k = members[m];
          let inside = y >= windows[4u * k] && y < windows[4u * k + 1u] && x >= windows[4u * k + 2u] && x < windows[4u * k + 3u];
          if (inside) {
            let dy = f32(y) - centers[k * stride];
            let dx = f32(x) - centers[k * stride + 1u];
            var score = (dy * dy + dx * dx) * params.weight;
            if (params.colored == 1u) {
              for (var b = 0u; b < params.bands; b++) {
                let difference = image[b * pixels + i] - centers[k * stride + 2u + b];
                score += difference * difference;
              }
            }
            if (score < best || (score == best && k < nearest)) {
              best = score;
              nearest = k;
            }
          }
        }
      }
    }
    if (nearest != 0xffffffffu) { label = nearest; }
  }
  labels[i] = label;
}
