"""Datasets on disk: one schema of a row, a writer that cannot leave halves, a lazy reader."""

from dlm.datasets.reader import Dataset, Sample, open
from dlm.datasets.recipe import Recipe

__all__ = ["Dataset", "Recipe", "Sample", "open"]
