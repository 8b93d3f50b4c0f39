"""Classical detectors on standardised columns: a split as JSON on stdin, each method's scores as JSON on stdout."""

import json
import sys
import time

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors


def knn(fit, score, seed):
    """Distance to the fifth neighbour."""
    neighbours = NearestNeighbors(n_neighbors=5).fit(fit)
    return neighbours.kneighbors(score)[0][:, -1]


def lof(fit, score, seed):
    if score is None:
        return -LocalOutlierFactor(n_neighbors=20).fit(fit).negative_outlier_factor_
    return -LocalOutlierFactor(n_neighbors=20, novelty=True).fit(fit).score_samples(score)


def isolation_forest(fit, score, seed):
    return -IsolationForest(random_state=seed).fit(fit).score_samples(fit if score is None else score)


def mixture_of(components):
    def gaussian_mixture(fit, score, seed):
        mixture = GaussianMixture(min(components, len(fit) // 2), reg_covar=1e-3, random_state=seed).fit(fit)
        return -mixture.score_samples(fit if score is None else score)

    return gaussian_mixture


def pca(fit, score, seed):
    """Squared length of the principal components, each by its variance, those of no variance left out."""
    centre = fit.mean(0)
    values, vectors = np.linalg.eigh(np.cov((fit - centre).T))
    kept = values > 1e-6 * values.max()
    projected = ((fit if score is None else score) - centre) @ vectors[:, kept]
    return (projected**2 / values[kept]).sum(1)


def ecod(fit, score, seed):
    """The larger of the summed -log of both tails' empirical shares."""
    ascending, rows = np.sort(fit, axis=0), fit if score is None else score
    n = len(fit)
    below = np.stack([np.searchsorted(a, x, "right") for a, x in zip(ascending.T, rows.T)], 1)
    above = np.stack([n - np.searchsorted(a, x, "left") for a, x in zip(ascending.T, rows.T)], 1)
    tails = [-np.log(np.maximum(count, 0.5) / n).sum(1) for count in (below, above)]
    return np.maximum(*tails)


METHODS = {
    "kNN": knn,
    "mixture": mixture_of(8),
    "Gaussian": pca,
    "LOF": lof,
    "forest": isolation_forest,
    "ECOD": ecod,
}


def main():
    split = json.load(sys.stdin)
    fit = np.asarray(split["fit"], float)
    centre, scale = fit.mean(0), fit.std(0)
    scale[scale == 0] = 1
    standardise = lambda rows: (np.asarray(rows, float) - centre) / scale
    fit, score = standardise(fit), None if split["score"] is None else standardise(split["score"])
    answers = []
    for name, method in METHODS.items():
        started = time.perf_counter()
        scores = method(fit, score, split["seed"])
        answers.append({"method": name, "scores": scores.tolist(), "seconds": time.perf_counter() - started})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
