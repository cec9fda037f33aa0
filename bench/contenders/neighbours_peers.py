"""Neighbours, places, mixtures, hierarchies and spectra by scikit-learn. usage: python3 neighbours_peers.py FOLDER"""
import sklearn
from serve import array, problem, save, serve

kind, k = problem["kind"], problem.get("k")
x = array("x", problem["n"], problem["d"])
made = None

def knn():
    from sklearn.neighbors import NearestNeighbors
    return NearestNeighbors(n_neighbors=k, algorithm="brute").fit(x).kneighbors(return_distance=False)

def tsne():
    from sklearn.manifold import TSNE
    return TSNE(init="pca", learning_rate="auto", random_state=0, n_jobs=2).fit_transform(x)

def gmm():
    from warnings import simplefilter
    from sklearn.mixture import GaussianMixture
    simplefilter("ignore")  # that it has not converged: it is told never to
    return [GaussianMixture(k, max_iter=problem["epochs"], tol=0, random_state=0).fit(x).lower_bound_]

def ward():
    from sklearn.cluster import AgglomerativeClustering
    return AgglomerativeClustering(k).fit_predict(x)

def spectral():
    from sklearn.cluster import SpectralClustering
    return SpectralClustering(k, affinity="nearest_neighbors", n_neighbors=10, random_state=0).fit_predict(x)

def dbscan():
    from sklearn.cluster import DBSCAN
    return DBSCAN(eps=problem["eps"], min_samples=problem["minSamples"]).fit_predict(x)

def kmeans():
    from sklearn.cluster import KMeans
    start = array("centers", k, problem["d"])
    return KMeans(k, init=start, n_init=1, max_iter=problem["epochs"], tol=0, algorithm="lloyd").fit(x).cluster_centers_

solve = {"knn": knn, "tsne": tsne, "gmm": gmm, "ward": ward, "spectral": spectral, "dbscan": dbscan, "kmeans": kmeans}[kind]

def run():
    global made
    made = solve()

serve(run, lambda: save("centers" if kind == "kmeans" else "answer", made), sklearn.__version__)
