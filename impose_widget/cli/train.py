"""`impose-widget train`: the network, from annotation files, in one process or many."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from impose_widget.model.impose import IMPose
    from impose_widget.train.settings import Place, Settings


def train(
    annotations: Annotated[
        list[Path],
        typer.Argument(
            help="COCO or PoseTrack JSON files, or folders of them (as `render` writes); in stage points, folders of "
            "rendered clips and of photographs.",
            metavar="DATA…",
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="Where the run is kept; the same command goes on with it.", metavar="DIR")
    ] = Path("impose-training"),
    images: Annotated[
        Path | None, typer.Option(help="What file names in DATA are relative to; found beside them if not given.")
    ] = None,
    partly: Annotated[
        list[Path] | None,
        typer.Option(help="More DATA, in whose images not everybody is labelled: nobody is punished there."),
    ] = None,
    stage: Annotated[
        str,
        typer.Option(
            help="pose: the network that finds people; refine: its decoders alone, which settle people beside "
            "corrections and carry them to other frames, on people cut out of images; identity: the decoder that says "
            "who is who, from annotation files with track ids alone (as `render tracks` writes); points: the point "
            "tracker mini."
        ),
    ] = "pose",
    network: Annotated[str, typer.Option(help="tiny or r50.")] = "tiny",
    start: Annotated[
        Path | None, typer.Option(help="A weights file to start from (its network is trained).", metavar="FILE")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Over all clips.")] = 20,
    drop: Annotated[
        list[int] | None, typer.Option(help="Epochs after which the rate falls to a tenth; 10 and 15 if not given.")
    ] = None,
    frames: Annotated[int, typer.Option(min=1, help="Frames of a clip, 1 to 4 apart.")] = 1,
    batch: Annotated[int, typer.Option(min=1, help="Clips per step and process (people, in stage refine).")] = 4,
    rate: Annotated[
        float | None,
        typer.Option(min=0, help="Learning rate; 1e-4 if not given, 5e-4 in identity, 6e-4 in refine, 8e-4 in points."),
    ] = None,
    size: Annotated[
        int | None, typer.Option(min=32, help="Pixels of the short side at most; the network's own if not given.")
    ] = None,
    rotation: Annotated[float, typer.Option(min=0, max=180, help="Degrees that images are turned by, at most.")] = 0.0,
    variants: Annotated[
        int, typer.Option(min=0, help="Keep the maps of a frozen backbone for so many augmentations of each clip.")
    ] = 0,
    steps: Annotated[int, typer.Option(min=1, help="Of stages refine, identity and points.")] = 3000,
    pose_embedding: Annotated[
        bool, typer.Option(help="Of stage identity: whether tokens hold the keypoint-aware embedding.")
    ] = True,
    relations: Annotated[
        bool, typer.Option(help="Of stage identity: whether attention is told how people lie to each other.")
    ] = True,
    features: Annotated[
        bool,
        typer.Option(
            "--features",
            help="Of stage identity: also learn from what people look like, in the images that JSON files name; "
            "features are made once and kept in the run's folder.",
        ),
    ] = False,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    minutes: Annotated[float | None, typer.Option(help="Stop after so many, with a checkpoint.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    processes: Annotated[int, typer.Option(min=1, help="How many; under torchrun or SLURM, as many as there.")] = 1,
    precision: Annotated[str, typer.Option(help="32-true, bf16-mixed or 16-mixed.")] = "32-true",
    workers: Annotated[int, typer.Option(min=0, help="Processes that read images, for each that trains.")] = 0,
) -> None:
    """Train a network. A run that was stopped goes on where it was, as if it had not been."""
    from impose_widget.core.skeleton import COCO17
    from impose_widget.train.data import read_videos

    _one_of(stage, ("pose", "refine", "identity", "points"), "stage")
    _one_of(precision, ("32-true", "bf16-mixed", "16-mixed"), "precision")
    _one_of(device, ("auto", "cpu", "cuda"), "device")
    try:
        from impose_widget.train.loop import learning
        from impose_widget.train.loop import train as run
        from impose_widget.train.settings import Clips, Place
    except ImportError as error:
        raise ImportError(f"Training needs {error.name}: pip install 'impose-widget[train]'.") from error

    place = Place(out, device, processes, precision, workers, minutes)
    if stage == "identity":
        if processes > 1:
            raise ValueError(f"Expected one process for stage identity, got {processes}; the decoder is small.")
        _identity(
            annotations, images, steps, batch, rate or 5e-4, seed, pose_embedding, relations, features, start, place
        )
        return
    if stage == "points":
        _points(annotations, steps, batch, rate or 8e-4, seed, place)
        return
    videos = [v for path in annotations for v in read_videos(path, images, COCO17)]
    videos += [v for path in partly or () for v in read_videos(path, images, COCO17, complete=False)]
    if stage == "refine":
        _refine(videos, steps, batch, rate or 6e-4, seed, start, place)
        return
    net = _network(network, start, seed)
    settings = _settings(
        net, Clips(frames), batch, epochs, tuple(drop or (10, 15)), rate or 1e-4, size, rotation, variants, seed
    )
    typer.echo(f"{net.config.name}: {learning(net):,} numbers learn from {len(videos)} videos and photographs")
    typer.echo(f"weights: {run(net, videos, COCO17, settings, place)}")


def _refine(videos: list, steps: int, batch: int, rate: float, seed: int, start: Path | None, place: Place) -> None:
    """Train the decoders alone."""
    from impose_widget.core.skeleton import COCO17
    from impose_widget.train.crops import people_of, taught
    from impose_widget.train.loop import learning
    from impose_widget.train.refine_loop import RefineSettings, train_refining

    net = _network("refiner", start, seed)
    if not net.config.relative or net.config.backbone != "movenet":
        raise ValueError(f"Expected --start as weights of stage refine, got those of {net.config.name}.")
    people = taught(people_of(videos))
    settings = RefineSettings(net.config, batch=batch, steps=steps, rate=rate, seed=seed)
    typer.echo(f"{net.config.name}: {learning(net):,} numbers learn from {len(people)} people")
    typer.echo(f"weights: {train_refining(net, people, COCO17, settings, place)}")


def _identity(
    annotations: list[Path],
    images: Path | None,
    steps: int,
    batch: int,
    rate: float,
    seed: int,
    pose_embedding: bool,
    relations: bool,
    features: bool,
    start: Path | None,
    place: Place,
) -> None:
    """Train the ID decoder."""
    from impose_widget.core.skeleton import COCO17
    from impose_widget.detect import MoveNetDetector
    from impose_widget.model.id_config import IdentityConfig
    from impose_widget.train.id_loop import train_identity
    from impose_widget.train.id_settings import IdentitySettings
    from impose_widget.train.looking import features_of, with_looks
    from impose_widget.train.tracked import read_tracked

    videos = [v for path in annotations for v in read_tracked(path, COCO17, features, images)]
    if features:
        videos = with_looks(videos, MoveNetDetector(device=place.device), place.out / "features")
    config = IdentityConfig(
        pose_width=64 if pose_embedding else 0, relations=relations, features=features_of(videos) if features else 0
    )
    settings = IdentitySettings(config, batch=batch, steps=steps, rate=rate, seed=seed)
    people = sum(v.keypoints.shape[1] for v in videos)
    typer.echo(f"identity: learns from {people} people in {len(videos)} videos")
    typer.echo(f"weights: {train_identity(videos, COCO17, settings, place, start=start)}")


def _points(folders: list[Path], steps: int, batch: int, rate: float, seed: int, place: Place) -> None:
    """Train the point tracker."""
    from impose_widget.train.point_clips import photographs, rendered_clips
    from impose_widget.train.points_loop import PointSettings, train_points

    clips = [c for folder in folders for c in rendered_clips(folder)]
    pictures = [image for folder in folders for image in photographs(folder)]
    few = min(PointSettings().pool, batch * steps)  # clips of which a short run would never ask
    settings = PointSettings(batch=batch, steps=steps, rate=rate, pool=few, seed=seed)
    typer.echo(f"mini: learns from {len(clips)} rendered clips and {len(pictures)} photographs")
    typer.echo(f"weights: {train_points(clips, pictures, settings, place)}")


def _one_of(value: str, allowed: tuple[str, ...], name: str) -> None:
    if value not in allowed:
        raise ValueError(f"Expected --{name} as one of {', '.join(allowed)}, got {value!r}.")


def _network(name: str, start: Path | None, seed: int) -> IMPose:
    import torch

    from impose_widget.detect import WEIGHTS
    from impose_widget.model.config import r50, refiner, tiny
    from impose_widget.model.impose import IMPose
    from impose_widget.model.network_file import load_network
    from impose_widget.model.weights import load_weights

    if start is not None:
        return load_network(start, WEIGHTS)
    _one_of(name, ("tiny", "r50", "refiner"), "network")
    torch.manual_seed(seed)
    net = IMPose({"tiny": tiny, "refiner": refiner}[name]() if name != "r50" else r50(confidence=True))
    if name != "r50":
        load_weights(net.backbone.movenet, WEIGHTS)
    return net


def _settings(
    net: IMPose,
    clips: object,
    batch: int,
    epochs: int,
    drops: tuple[int, ...],
    rate: float,
    size: int | None,
    rotation: float,
    variants: int,
    seed: int,
) -> Settings:
    from impose_widget.train.augment import Augmentation
    from impose_widget.train.settings import Settings

    config = net.config
    if variants and config.backbone != "movenet":
        raise ValueError(
            "Expected --variants 0 with a backbone that learns; only the maps of a frozen one can be kept."
        )
    short = size or config.short_side
    long = max(round(config.long_side * short / config.short_side), short)
    augmentation = Augmentation(short, long, rotation=rotation, multiple=config.multiple)
    return Settings(config, augmentation, clips, batch, epochs, drops, rate, rate / 10, seed=seed, variants=variants)
