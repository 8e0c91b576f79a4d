"""The front end in a plain page: the real bundle, a model and a kernel that are played by a script."""
