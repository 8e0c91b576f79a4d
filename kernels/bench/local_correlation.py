"""Time and error of each variant of local correlation: `python kernels/bench/local_correlation.py [--cuda]`."""

from __future__ import annotations

import argparse
import statistics
import time

import torch

from impose_kernels import available_variants, local_correlation

CASES = ((64, 96, 168, 17, 3), (64, 96, 168, 170, 3), (128, 96, 128, 68, 3))  # channels, height, width, points, radius


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuda", action="store_true")
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    device = "cuda" if options.cuda else "cpu"
    print(f"{device}, {torch.get_num_threads()} threads, float32, median of {options.repeats}\n")
    print("| map | points | radius | variant | ms | largest error |\n|---|---|---|---|---|---|")
    for c, h, w, n, radius in CASES:
        g = torch.Generator().manual_seed(0)
        features = torch.randn(1, c, h, w, generator=g).to(device)
        vectors = torch.randn(1, n, c, generator=g).to(device)
        points = (torch.rand(1, n, 2, generator=g) * torch.tensor([w, h])).to(device)
        exact = local_correlation(features.double(), vectors.double(), points.double(), radius, "reference")
        for variant in available_variants("local_correlation"):
            if variant == "triton" and not options.cuda:
                continue
            times = []
            with torch.inference_mode():
                for _ in range(options.repeats + 1):
                    start = time.perf_counter()
                    out = local_correlation(features, vectors, points, radius, variant)
                    if options.cuda:
                        torch.cuda.synchronize()
                    times.append(time.perf_counter() - start)
            error = (out.double() - exact).abs().max().item()
            ms = 1e3 * statistics.median(times[1:])
            print(f"| {c}×{h}×{w} | {n} | {radius} | {variant} | {ms:.2f} | {error:.0e} |", flush=True)


if __name__ == "__main__":
    main()
