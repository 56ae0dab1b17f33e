"""Paired t tests of SciPy, for PairedComparisonTests.

    python Tests/Reference/paired_reference.py > Tests/Reference/paired_reference.json

Needs numpy and scipy.
"""

import json

import numpy
from scipy import stats


def case(first, second):
    outcome = stats.ttest_rel(second, first)
    interval = outcome.confidence_interval(0.95)
    return {
        "first": first.tolist(),
        "second": second.tolist(),
        "difference": float(numpy.mean(second - first)),
        "standardError": float(stats.sem(second - first)),
        "low": float(interval.low),
        "high": float(interval.high),
        "pValue": float(outcome.pvalue),
    }


random = numpy.random.default_rng(4)
cases = []
for users, shift, noise in [(2, 0.1, 0.1), (3, 0, 1), (10, 0.02, 0.05), (25, 1, 0.3), (300, 0.001, 0.05), (300, 0.02, 0.05)]:
    first = random.uniform(0, 1, users)
    cases.append(case(first, first + random.normal(shift, noise, users)))

tails = [
    {"degrees": degrees, "t": t, "tail": float(2 * stats.t.sf(t, degrees))}
    for degrees in [1, 2, 3, 7, 30, 599, 9999, 250_000]
    for t in [0, 1e-6, 0.1, 0.9, 1, 2, 3.5, 8, 30]
]
quantiles = [
    {"degrees": degrees, "tail": tail, "t": float(stats.t.isf(tail / 2, degrees))}
    for degrees in [1, 2, 5, 599, 9999]
    for tail in [0.5, 0.05, 0.001]
]
print(json.dumps({"cases": cases, "tails": tails, "quantiles": quantiles}, indent=1))
