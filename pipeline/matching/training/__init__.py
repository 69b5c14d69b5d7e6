"""Training: unsupervised m and u per comparison level (EM), term frequencies, prior, and calibration from labels."""
