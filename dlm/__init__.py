"""dlm: dense facial landmarks, from a layout to a number on real photos."""

__version__ = "0.1.0"
