"""Training: data, augmentation, matcher, losses, denoising, and the loop. Used by `impose-widget train` alone."""
