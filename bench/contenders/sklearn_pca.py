"""Principal components by scikit-learn. usage: python3 sklearn_pca.py FOLDER"""
import sklearn
from sklearn.decomposition import PCA
from serve import array, problem, save, serve

x = array("x", problem["n"], problem["d"])
fitted = None

def run():
    global fitted
    fitted = PCA(n_components=problem["components"], svd_solver=problem["solver"], random_state=0).fit(x)

def result():
    save("components", fitted.components_)
    save("variances", fitted.explained_variance_)

serve(run, result, sklearn.__version__)
