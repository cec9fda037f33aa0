"""Images of the sky by astropy and reproject: reading a file, reproject_interp, convolve. usage: python3 sky_peers.py FOLDER"""
import warnings
warnings.simplefilter("ignore")
import numpy
import astropy
from serve import array, folder, problem, save, serve

kind = problem["kind"]
made = None

if kind == "read":
    from astropy.io import fits
    def run():
        global made
        with fits.open(folder / "file.u8") as file: made = file[problem["hdu"]].data.astype(numpy.float32)
elif kind == "reproject":
    from astropy.wcs import WCS
    from astropy.io.fits import Header
    from reproject import reproject_interp
    side = problem["side"]
    image = array("image", side, side)
    source, target = [WCS(Header(problem[name])) for name in ("from", "to")]
    def run():
        global made
        made = reproject_interp((image, source), target, shape_out=(side, side), return_footprint=False)
else:
    from astropy.convolution import Gaussian2DKernel, convolve
    side, sigma = problem["side"], problem["sigma"]
    image = array("image", side, side)
    size = int(numpy.ceil(8 * sigma)); size += 1 - size % 2
    kernel = Gaussian2DKernel(sigma, x_size=size, y_size=size)
    def run():
        global made
        made = convolve(image, kernel, boundary="extend", nan_treatment="interpolate")

serve(run, lambda: save("values", made), astropy.__version__)
