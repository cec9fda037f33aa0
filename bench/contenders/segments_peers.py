"""Superpixels by scikit-image, a batch map in NumPy. usage: python3 segments_peers.py FOLDER"""
import numpy
from serve import array, problem, save, serve

made = None

if problem["kind"] == "slic":
    import skimage
    from skimage.segmentation import slic
    name, version = "labels", skimage.__version__
    side = problem["side"]
    image = numpy.ascontiguousarray(numpy.moveaxis(array("image", problem["bands"], side, side), 0, -1))
    def run():
        global made
        made = slic(image, n_segments=problem["segments"], compactness=problem["compactness"], convert2lab=False, start_label=0, channel_axis=-1)
else:
    name, version = "codebook", numpy.__version__
    n, d, side = problem["n"], problem["d"], problem["side"]
    units = side * side
    x, begin = array("x", n, d), array("codebook", units, d)
    places = numpy.stack(numpy.divmod(numpy.arange(units), side), 1)
    away = ((places[:, None] - places[None]) ** 2).sum(2)
    CHUNK = 4096  # scores of a chunk stay in the cache
    def winners(w):
        found = numpy.empty(n, numpy.int64)
        half = (w * w).sum(1) / 2
        for at in range(0, n, CHUNK): found[at:at + CHUNK] = (half - x[at:at + CHUNK] @ w.T).argmin(1)
        return found
    def run():
        global made
        w = begin
        for sigma in problem["sigma"]:
            won = winners(w)
            sums = numpy.stack([numpy.bincount(won, x[:, c], units) for c in range(d)], 1)
            h = numpy.exp(-away / (2 * sigma * sigma))
            w = (h @ sums / (h @ numpy.bincount(won, minlength=units))[:, None]).astype(numpy.float32)
        winners(w)
        made = w

serve(run, lambda: save(name, made), version)
