"""Classical detectors on standardised columns: a split as JSON on stdin, each method's scores as JSON on stdout.

Each method is a function of the fitted rows and a seed that returns a function of the scored rows.
"""

import json
import sys
import time

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

FORESTS = 3


def knn(fit, seed):
    """Distance to the fifth neighbour; a fitted row is not its own neighbour."""
    neighbours = NearestNeighbors(n_neighbors=6).fit(fit)

    def score(rows, is_fitted):
        distances = neighbours.kneighbors(rows)[0]
        return np.where(is_fitted, distances[:, 5], distances[:, 4])

    return score


def lof(fit, seed):
    model = LocalOutlierFactor(n_neighbors=20, novelty=True).fit(fit)

    def score(rows, is_fitted):
        scores = -model.score_samples(rows)
        # If the fitted rows are scored, they come first and in the same order.
        scores[is_fitted] = -model.negative_outlier_factor_[: is_fitted.sum()]
        return scores

    return score


def isolation_forest(fit, seed):
    forests = [IsolationForest(random_state=FORESTS * seed + each).fit(fit) for each in range(FORESTS)]
    return lambda rows, is_fitted: -np.mean([forest.score_samples(rows) for forest in forests], axis=0)


def mixture_of(components):
    def gaussian_mixture(fit, seed):
        mixture = GaussianMixture(min(components, len(fit) // 2), reg_covar=1e-3, random_state=seed).fit(fit)
        return lambda rows, is_fitted: -mixture.score_samples(rows)

    return gaussian_mixture


def pca(fit, seed):
    """Sum of squared principal components, each divided by its variance; those without variance are left out."""
    centre = fit.mean(0)
    values, vectors = np.linalg.eigh(np.cov((fit - centre).T).reshape(fit.shape[1], -1))
    kept = values > 1e-6 * values.max()
    return lambda rows, is_fitted: (((rows - centre) @ vectors[:, kept]) ** 2 / values[kept]).sum(1)


def ecod(fit, seed):
    """The larger of two sums of -log of the empirical tail share, one for lower and one for upper tails."""
    ascending, n = np.sort(fit, axis=0), len(fit)

    def score(rows, is_fitted):
        below = np.stack([np.searchsorted(a, x, "right") for a, x in zip(ascending.T, rows.T)], 1)
        above = np.stack([n - np.searchsorted(a, x, "left") for a, x in zip(ascending.T, rows.T)], 1)
        return np.maximum(*[-np.log(np.maximum(count, 0.5) / n).sum(1) for count in (below, above)])

    return score


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
    fit, rows = np.asarray(split["fit"], float), np.asarray(split["score"], float)
    is_fitted = np.asarray(split["isFitted"], bool)
    centre, scale = fit.mean(0), fit.std(0)
    scale[scale == 0] = 1
    fit, rows = (fit - centre) / scale, (rows - centre) / scale
    answers = []
    for name, method in METHODS.items():
        started = time.process_time()
        score = method(fit, split["seed"])
        fitted = time.process_time()
        scores = score(rows, is_fitted)
        seconds = {"fitSeconds": fitted - started, "scoreSeconds": time.process_time() - fitted}
        answers.append({"method": name, "scores": scores.tolist(), **seconds})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
