"""How sure `predict` has to be that something is a face; told here to the command line, too."""

THRESHOLD = 0.35  # of the detector: low, for the landmark network then drops the wrong ones
DOUBT = 0.055  # of a face's box: 98 of 100 faces are below it, 90 of 100 other things above
