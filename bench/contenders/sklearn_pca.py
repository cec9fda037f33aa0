"""Principal components by scikit-learn, or by the steps of its solver covariance_eigh. usage: python3 sklearn_pca.py FOLDER"""
import numpy, scipy.linalg, sklearn
from sklearn.decomposition import PCA
from serve import array, problem, save, serve

n, count, solver = problem["n"], problem["components"], problem["solver"]
x = array("x", n, problem["d"])
found = None

def covariance_eigh():
    mean = x.mean(axis=0)
    covariance = (x.T @ x - n * numpy.outer(mean, mean)) / (n - 1)
    values, vectors = scipy.linalg.eigh(covariance)
    return vectors[:, ::-1].T[:count], values[::-1][:count]

def fitted():
    pca = PCA(n_components=count, svd_solver=solver, random_state=0).fit(x)
    return pca.components_, pca.explained_variance_

def run():
    global found
    found = covariance_eigh() if solver == "covariance_eigh" else fitted()

def result():
    save("components", found[0])
    save("variances", found[1])

serve(run, result, sklearn.__version__)
