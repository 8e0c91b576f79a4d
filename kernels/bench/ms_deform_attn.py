"""Time, memory and error of each variant of deformable attention: `python kernels/bench/ms_deform_attn.py [--cuda]`.

Sizes of the paper's network: 8 heads, 4 points, 4 levels, 256 channels; two people are 36 queries, ten are 180.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

from impose_kernels import available_variants, ms_deform_attn

FRAMES = {"384×672": (48, 84), "750×1333": (94, 167)}
QUERIES = (36, 180, 900, 1800)


def shapes(finest: tuple[int, int]) -> list[tuple[int, int]]:
    h, w = finest
    return [(-(-h // 2**i), -(-w // 2**i)) for i in range(4)]


def inputs(maps: list[tuple[int, int]], queries: int, device: str) -> dict:
    g = torch.Generator().manual_seed(0)
    s = sum(h * w for h, w in maps)
    made = {
        "memory": torch.randn(1, s, 256, generator=g),
        "locations": torch.rand(1, queries, 8, 4, 4, 2, generator=g),
        "weights": torch.rand(1, queries, 8, 4, 4, generator=g) / 16,
        "value_weight": torch.randn(256, 256, generator=g) / 16,
        "value_bias": torch.randn(256, generator=g),
    }
    return {k: v.to(device) for k, v in made.items()} | {"padding": None, "shapes": maps}


def run(arguments: dict, variant: str, repeats: int) -> tuple[float, float, torch.Tensor]:
    """Median seconds, bytes allocated by one call, and the result."""
    cuda = arguments["memory"].is_cuda
    out = ms_deform_attn(**arguments, variant=variant)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        ms_deform_attn(**arguments, variant=variant)
        if cuda:
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    with torch.profiler.profile(profile_memory=True) as profile:
        ms_deform_attn(**arguments, variant=variant)
    used = sum(e.self_cpu_memory_usage for e in profile.key_averages() if e.self_cpu_memory_usage > 0)
    return statistics.median(times), used, out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuda", action="store_true")
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    device = "cuda" if options.cuda else "cpu"
    variants = [v for v in available_variants("ms_deform_attn") if options.cuda or v != "triton"]
    print(f"{device}, {torch.get_num_threads()} threads, float32, median of {options.repeats}\n")
    print("| frame | tokens | queries | variant | ms | MB allocated | largest error |\n|---|---|---|---|---|---|---|")
    with torch.inference_mode():
        for name, finest in FRAMES.items():
            maps = shapes(finest)
            for queries in QUERIES:
                arguments = inputs(maps, queries, device)
                exact = ms_deform_attn(
                    **{k: v.double() if isinstance(v, torch.Tensor) else v for k, v in arguments.items()},
                    variant="reference",
                )
                for variant in variants:
                    seconds, used, out = run(arguments, variant, options.repeats)
                    error = (out.double() - exact).abs().max().item()
                    tokens = arguments["memory"].shape[1]
                    numbers = f"{1e3 * seconds:.1f} | {used / 1e6:.0f} | {error:.0e}"
                    print(f"| {name} | {tokens:,} | {queries} | {variant} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()
