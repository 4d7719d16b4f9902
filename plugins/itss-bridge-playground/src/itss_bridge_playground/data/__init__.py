"""Recorded incidents, packaged; README.md names their authors, licence and how the sample was drawn."""
