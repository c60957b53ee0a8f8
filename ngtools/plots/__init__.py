"""Figures: arrays and an axis in, the axis out; nothing is computed here, and only the book imports it."""
