"""Tf-idf by scikit-learn, from texts or from counts. usage: python3 text_peers.py FOLDER"""
import scipy.sparse
import sklearn
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from serve import array, problem, save, serve

documents, words = problem["documents"], problem["words"]
made = None

if problem["kind"] == "texts":
    texts = array("texts", -1).tobytes().decode().split("\n")
    def run():
        global made
        made = TfidfTransformer().fit_transform(CountVectorizer().fit_transform(texts))
else:
    counts = scipy.sparse.csr_matrix((array("counts", -1), array("indices", -1), array("indptr", -1)), (documents, words))
    def run():
        global made
        made = TfidfTransformer().fit_transform(counts)

def result():
    made.sort_indices()
    for name in ("indptr", "indices", "data"): save(name, getattr(made, name))

serve(run, result, sklearn.__version__)
