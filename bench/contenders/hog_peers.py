"""Histograms of oriented gradients by scikit-image, one image a call. usage: python3 hog_peers.py FOLDER"""
import numpy
import skimage
from skimage.feature import hog
from serve import array, problem, save, serve

n, side = problem["n"], problem["side"]
images = array("images", n, side, side)
made = None

def run():
    global made
    made = [hog(image) for image in images]

serve(run, lambda: save("descriptors", numpy.stack(made)), skimage.__version__)
