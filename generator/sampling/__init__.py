"""Draws of people, expressions and poses, one random stream a factor."""
