"""What a layout's points tell of a head: mm after a fit, from true points and from noisy ones.

    python benchmarks/fit_layouts.py DATASET [--n 64] [--specs 68,243,460,490,1001]

Noise is independent from point to point, which a network's is not: for that see `dlm compare`.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from dlm import datasets, landmark_specs
from dlm.generator.relabel import labels
from dlm.train.fit import SIGMA, default_sigma
from dlm.train.fit_score import FitTest, own_basis


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--n", type=int, default=64)
    parser.add_argument("--specs", default="68,243,460,490,1001")
    asked = parser.parse_args()
    dataset = datasets.open(asked.dataset)
    basis = own_basis(dataset)
    assert basis is not None, "the dataset's head model is not here"
    test = FitTest.of(basis, dataset, np.arange(asked.n))
    print(f"mean head {test.errors_of_nothing().mean():.2f} mm, {asked.n} faces, components hold "
          f"{100 * basis.explained:.1f} % of the variance")  # fmt: skip
    print(f"| layout | true points, mm | noise of {100 * SIGMA} % of the box, mm | s a face |")
    for name in asked.specs.split(","):
        spec = landmark_specs.load(name)
        true = labels(dataset, spec, test.rows)[0].astype(np.float64)
        sigma = default_sigma(true)
        noise = np.random.default_rng(0).normal(size=true.shape) * sigma[..., None]
        begun = time.perf_counter()
        best = test.errors_of_truth(spec, lambda count: None).mean()
        seconds = (time.perf_counter() - begun) / asked.n
        noisy = test.errors(spec, true + noise, sigma, lambda count: None).mean()
        print(f"| {name} | {best:.2f} | {noisy:.2f} | {seconds:.2f} |", flush=True)


if __name__ == "__main__":
    main()
