"""Networks: tensors in, tensors out. The only package that knows torch."""
