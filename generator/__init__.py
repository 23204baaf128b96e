"""From a seed to labelled faces: heads, looks, renderers, labels, worker processes."""
