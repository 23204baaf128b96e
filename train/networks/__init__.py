"""Backbones and the heads that turn their maps into points."""
