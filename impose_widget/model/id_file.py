"""Files of ID decoders: safetensors in float16, with the configuration in the header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from impose_widget.model.id_config import IdentityConfig
from impose_widget.model.id_decoder import IdDecoder
from impose_widget.model.weights import check_keys

CONFIG = "identity_config"  # in a file's header


def save_identity(state: Mapping[str, Tensor], config: IdentityConfig, path: Path) -> None:
    """Write an ID decoder's weights in float16, with its configuration; whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    kept = {k: v.detach().half().cpu().contiguous() for k, v in state.items()}
    save_file(kept, partial, metadata={CONFIG: json.dumps(config.to_json())})
    partial.replace(path)


def begin_from(network: IdDecoder, path: Path) -> None:
    """Put trained weights into a new decoder, which may hear features of the image where the trained one did not.

    What is new keeps its untrained weights in the straight way from relations to attention, which say nothing of people
    without features; elsewhere it begins at zero.

    Raises:
        FileNotFoundError, ValueError: see `load_identity`; or the decoders differ in more than that.
    """
    old, wanted = load_identity(path).state_dict(), network.state_dict()
    for name, value in wanted.items():
        held = old.get(name)
        if held is None and name.startswith("look_"):
            continue
        if held is None or held.shape[:-1] != value.shape[:-1] or held.shape[-1:] > value.shape[-1:]:
            raise ValueError(
                f"Expected weights of a decoder like the one to be trained, got {path}, whose {name} is "
                f"{None if held is None else tuple(held.shape)} and not {tuple(value.shape)}."
            )
        if held.shape != value.shape:
            if not name.endswith("straight.weight"):
                value.zero_()
            value[..., : held.shape[-1]] = held
        else:
            value.copy_(held)


def load_identity(path: Path) -> IdDecoder:
    """The ID decoder of a weights file, ready to use on the CPU.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no safetensors file of an ID decoder, or does not fit what it says of itself.
    """
    if not path.is_file():
        raise FileNotFoundError(f"Expected weights in {path}, which does not exist.")
    try:
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
        held = load_file(path)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"Expected weights as safetensors, got {path}, which cannot be read ({error}).") from error
    try:
        config = IdentityConfig.from_json(json.loads(header[CONFIG]))
    except (KeyError, ValueError, TypeError) as error:
        raise ValueError(
            f"Expected the weights of an ID decoder, got {path}, which does not say so; "
            "`impose-widget train --stage identity` writes them."
        ) from error
    network = IdDecoder(config)
    check_keys(held, network.state_dict(), config.name, str(path))
    network.load_state_dict({k: v.float() for k, v in held.items()})
    return network.eval()
