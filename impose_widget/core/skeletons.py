"""Skeletons that data sets and programs use, by name; each with the order of keypoints of its source.

Names are one vocabulary (`left_wrist`, `head_top`, …), so that a keypoint of one skeleton finds its like in another.
Sigmas: COCO's where a keypoint is COCO's, CrowdPose's for its own, else the default of `Skeleton`.
"""

from __future__ import annotations

from impose_widget.core.skeleton import COCO17, DEFAULT_SIGMA, Skeleton

_SIGMAS = dict(zip(COCO17.keypoints, COCO17.sigmas, strict=True))


def _skeleton(name: str, keypoints: str, bones: str) -> Skeleton:
    """A skeleton from words: keypoints in order, bones as `a-b`; pairs are those that differ by left and right."""
    names = keypoints.split()
    edges = tuple((names.index(a), names.index(b)) for a, b in (bone.split("-") for bone in bones.split()))
    pairs = tuple(
        (i, names.index("right" + n[4:]))
        for i, n in enumerate(names)
        if n.startswith("left") and "right" + n[4:] in names
    )
    return Skeleton(name, tuple(names), edges, pairs, tuple(_SIGMAS.get(n, DEFAULT_SIGMA) for n in names))


_LIMBS = (
    "left_shoulder-left_elbow left_elbow-left_wrist right_shoulder-right_elbow right_elbow-right_wrist "
    "left_hip-left_knee left_knee-left_ankle right_hip-right_knee right_knee-right_ankle "
)
_TRUNK = "left_shoulder-right_shoulder left_shoulder-left_hip right_shoulder-right_hip left_hip-right_hip "
_FACE = "nose-left_eye nose-right_eye left_eye-left_ear right_eye-right_ear "
_FEET = (
    "left_ankle-left_big_toe left_big_toe-left_small_toe left_ankle-left_heel "
    "right_ankle-right_big_toe right_big_toe-right_small_toe right_ankle-right_heel "
)
_BODY_12 = (
    "left_shoulder right_shoulder left_elbow right_elbow left_wrist right_wrist "
    "left_hip right_hip left_knee right_knee left_ankle right_ankle"
)
_OPENPOSE_BODY = (
    "nose neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist {}"
    "right_hip right_knee right_ankle left_hip left_knee left_ankle right_eye left_eye right_ear left_ear"
)
_OPENPOSE_LIMBS = _LIMBS + _FACE + "neck-nose neck-left_shoulder neck-right_shoulder "

POSETRACK17 = _skeleton(
    "posetrack17",  # of PoseTrack18 and 21; the ears are in the list and are not annotated
    "nose head_bottom head_top left_ear right_ear " + _BODY_12,
    _LIMBS + _TRUNK + "head_top-nose nose-head_bottom head_bottom-left_shoulder head_bottom-right_shoulder",
)
POSETRACK15 = _skeleton(
    "posetrack15",
    "nose head_bottom head_top " + _BODY_12,
    _LIMBS + _TRUNK + "head_top-nose nose-head_bottom head_bottom-left_shoulder head_bottom-right_shoulder",
)
CROWDPOSE14 = _skeleton(
    "crowdpose14",
    _BODY_12 + " head_top neck",
    _LIMBS + _TRUNK + "head_top-neck neck-left_shoulder neck-right_shoulder",
)
MPII16 = _skeleton(
    "mpii16",
    "right_ankle right_knee right_hip left_hip left_knee left_ankle pelvis thorax head_bottom head_top "
    "right_wrist right_elbow right_shoulder left_shoulder left_elbow left_wrist",
    _LIMBS + "pelvis-left_hip pelvis-right_hip pelvis-thorax thorax-left_shoulder thorax-right_shoulder "
    "thorax-head_bottom head_bottom-head_top",
)
LSP14 = _skeleton(
    "lsp14",
    "right_ankle right_knee right_hip left_hip left_knee left_ankle right_wrist right_elbow right_shoulder "
    "left_shoulder left_elbow left_wrist neck head_top",
    _LIMBS + _TRUNK + "head_top-neck neck-left_shoulder neck-right_shoulder",
)
AIC14 = _skeleton(
    "aic14",
    "right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist right_hip right_knee right_ankle "
    "left_hip left_knee left_ankle head_top neck",
    _LIMBS + _TRUNK + "head_top-neck neck-left_shoulder neck-right_shoulder",
)
JHMDB15 = _skeleton(
    "jhmdb15",
    "neck belly head right_shoulder left_shoulder right_hip left_hip right_elbow left_elbow right_knee left_knee "
    "right_wrist left_wrist right_ankle left_ankle",
    _LIMBS + "head-neck neck-belly neck-left_shoulder neck-right_shoulder belly-left_hip belly-right_hip",
)
H36M17 = _skeleton(
    "h36m17",
    "pelvis right_hip right_knee right_ankle left_hip left_knee left_ankle spine thorax neck_base head "
    "left_shoulder left_elbow left_wrist right_shoulder right_elbow right_wrist",
    _LIMBS + "pelvis-left_hip pelvis-right_hip pelvis-spine spine-thorax thorax-neck_base neck_base-head "
    "thorax-left_shoulder thorax-right_shoulder",
)
PENN13 = _skeleton("penn13", "head " + _BODY_12, _LIMBS + _TRUNK + "head-left_shoulder head-right_shoulder")
OPENPOSE18 = _skeleton("openpose18", _OPENPOSE_BODY.format(""), _OPENPOSE_LIMBS + "neck-left_hip neck-right_hip")
BODY25 = _skeleton(
    "body25",
    _OPENPOSE_BODY.format("mid_hip ")
    + " left_big_toe left_small_toe left_heel right_big_toe right_small_toe right_heel",
    _OPENPOSE_LIMBS + "neck-mid_hip mid_hip-left_hip mid_hip-right_hip " + _FEET,
)
HALPE26 = _skeleton(
    "halpe26",
    " ".join(COCO17.keypoints)
    + " head_top neck mid_hip left_big_toe right_big_toe left_small_toe right_small_toe left_heel right_heel",
    _LIMBS + _FACE + "head_top-neck neck-left_shoulder neck-right_shoulder neck-mid_hip mid_hip-left_hip "
    "mid_hip-right_hip " + _FEET,
)


def _numbered(part: str, n: int) -> str:
    return " ".join(f"{part}_{i}" for i in range(n))


FACE_AND_HANDS = " ".join((_numbered("face", 68), _numbered("left_hand", 21), _numbered("right_hand", 21)))
WHOLEBODY133 = _skeleton(
    "wholebody133",
    " ".join(COCO17.keypoints)
    + " left_big_toe left_small_toe left_heel right_big_toe right_small_toe right_heel "
    + FACE_AND_HANDS,
    _LIMBS + _TRUNK + _FACE + _FEET,
)
HALPE136 = _skeleton(
    "halpe136",
    " ".join(HALPE26.keypoints) + " " + FACE_AND_HANDS,
    _LIMBS + _FACE + "head_top-neck neck-left_shoulder neck-right_shoulder neck-mid_hip mid_hip-left_hip "
    "mid_hip-right_hip " + _FEET,
)

SKELETONS: dict[str, Skeleton] = {
    s.name: s
    for s in (
        COCO17,
        POSETRACK17,
        POSETRACK15,
        CROWDPOSE14,
        MPII16,
        LSP14,
        AIC14,
        JHMDB15,
        H36M17,
        PENN13,
        OPENPOSE18,
        BODY25,
        HALPE26,
        WHOLEBODY133,
        HALPE136,
    )
}


def known_skeleton(keypoints: tuple[str, ...]) -> Skeleton | None:
    """The skeleton with exactly these keypoints in this order, if there is one."""
    return next((s for s in SKELETONS.values() if s.keypoints == tuple(keypoints)), None)
