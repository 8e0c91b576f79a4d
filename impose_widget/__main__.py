"""`python -m impose_widget`, for launchers that want a module: `torchrun --nproc-per-node 8 -m impose_widget train`."""

from impose_widget.cli import main

if __name__ == "__main__":
    main()
