"""Protocols: experiments with the simulated annotator, each a function from footage, truth and a method to figures."""
