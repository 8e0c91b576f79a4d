"""Bodies, hair and clothes as volumes around the rig: what is skin, what is worn, and where COCO's keypoints are."""

from __future__ import annotations

import numpy as np

from impose_widget.synthesize.rig import (
    CHEST,
    HEAD,
    LEFT_ARM,
    LEFT_LEG,
    NECK,
    PELVIS,
    RIGHT_ARM,
    RIGHT_LEG,
    SPINE,
    Build,
    model_joints,
)
from impose_widget.synthesize.surface import Volumes

ARMS, LEGS = (LEFT_ARM, RIGHT_ARM), (LEFT_LEG, RIGHT_LEG)
FINGERS = np.array([0.0, -1.0, 0.0])


class Shape:
    """Measures of one build, from which its volumes are made. Lengths are metres in the pose of the model."""

    def __init__(self, build: Build) -> None:
        self.build, self.s, self.h = build, build.scale, build.head
        self.joints, self.turns = model_joints(build)
        self.limb = build.scale * (0.35 + 0.65 * build.girth)

    def hand_tip(self, arm: int) -> np.ndarray:
        """Where the fingers of an arm end."""
        along = self.joints[arm + 2] - self.joints[arm + 1]
        return self.joints[arm + 2] + along / np.linalg.norm(along) * 0.17 * self.s

    def trunk(self, volumes: Volumes, loose: float = 0.0, top: bool = True, low: bool = True) -> None:
        """Hips to neck as a pile of ellipses; `loose` metres are added all round."""
        b, s = self.build, self.s
        y0, y1 = self.joints[LEFT_LEG, 1], self.joints[NECK, 1]
        g, n = b.girth, b.shoulders

        def ring(share: float, wide: float, deep: float, z: float) -> tuple[float, ...]:
            return y0 + share * (y1 - y0), wide * s + loose, deep * s * (0.4 + 0.6 * g) + loose, 0.0, z * s

        soft = 0.4 + 0.6 * g
        belly, bust = b.belly / s, b.bust / s
        rings = [
            (PELVIS, ring(-0.05, 0.162 * b.hips * soft, 0.105, -0.018)),
            (PELVIS, ring(0.10, 0.172 * b.hips * soft, 0.118, -0.018)),
            (PELVIS, ring(0.27, 0.152 * b.hips * soft, 0.105 + belly / 2, -0.005 + belly / 2)),
            (SPINE, ring(0.45, 0.134 * soft * (0.6 + 0.4 * n), 0.100 + belly / 2, belly / 2)),
            (CHEST, ring(0.66, 0.152 * n * soft, 0.112, -0.008)),
            (CHEST, ring(0.80, 0.166 * n * (0.6 + 0.4 * soft), 0.112, -0.015)),
            (CHEST, ring(0.93, 0.125 * n, 0.088, -0.026)),
            (CHEST, ring(1.00, 0.075 * n, 0.066, -0.03)),
        ]
        first, last = (0 if low else 2), (len(rings) if top else 4)
        volumes.trunk(rings[first:last])
        if top:
            for side in (-1, 1):
                if b.bust:
                    middle = (side * 0.075 * s, y0 + 0.68 * (y1 - y0), (0.085 + 0.5 * bust) * s)
                    volumes.ellipsoid(
                        CHEST,
                        np.array(middle),
                        (0.075 * s + loose, 0.07 * s + loose, b.bust * 0.7 + loose + 0.02),
                        0.05 * s,
                    )
                arm = LEFT_ARM if side > 0 else RIGHT_ARM
                inner = np.array([side * 0.05 * s, self.joints[NECK, 1] - 0.015 * s, -0.03 * s])
                volumes.cone(
                    CHEST,
                    inner,
                    self.joints[arm] + (0, 0.008 * s, 0),
                    0.05 * s + loose,
                    0.05 * self.limb + loose,
                    0.06 * s,
                )
        if low:
            for side in (-1, 1):
                middle = np.array([side * 0.075 * s, y0 + 0.02 * (y1 - y0), -0.06 * s])
                volumes.ellipsoid(
                    PELVIS, middle, (0.088 * s * b.hips + loose, 0.095 * s + loose, 0.085 * s * soft + loose), 0.04 * s
                )

    def arm(self, volumes: Volumes, arm: int, loose: float = 0.0, until: float = 2.0) -> None:
        """Upper arm and forearm; `until` 1 ends at the elbow, 2 at the wrist, with a straight cut."""
        a, b, c = self.joints[arm : arm + 3]
        m = self.limb
        volumes.cone(arm, a, a + 0.55 * (b - a), 0.052 * m + loose, 0.047 * m + loose, 0.05)
        volumes.cone(arm, a + 0.5 * (b - a), b, 0.0475 * m + loose, 0.039 * m + loose, 0.008)
        if until > 1:
            volumes.cone(arm + 1, b, b + 0.35 * (c - b), 0.039 * m + loose, 0.041 * m + loose, 0.008)
            volumes.cone(arm + 1, b + 0.35 * (c - b), c, 0.041 * m + loose, 0.027 * m + loose * 0.8, 0.008)
        end = a + until * (b - a) if until <= 1 else b + (until - 1) * (c - b)
        along = (b - a) if until <= 1 else (c - b)
        volumes.cuts.append([*end, *(along / np.linalg.norm(along))])

    def hand(self, volumes: Volumes, arm: int) -> None:
        """A hand of a palm, four fingers held together and a thumb."""
        s, wrist, tip = self.s, self.joints[arm + 2], self.hand_tip(arm)
        along = tip - wrist
        front = np.array([0.0, 0.0, 1.0])
        k = arm + 2
        palm = wrist + 0.42 * along
        volumes.cone(k, wrist, palm, 0.026 * s, 0.024 * s, 0.03)
        for offset, length in ((0.026, 0.86), (0.009, 1.0), (-0.009, 0.96), (-0.026, 0.80)):
            knuckle = palm + front * offset * s
            volumes.cone(k, wrist + 0.15 * along + front * offset * 0.5 * s, knuckle, 0.017 * s, 0.0125 * s, 0.02)
            volumes.cone(k, knuckle, wrist + length * along + front * offset * 1.1 * s, 0.0115 * s, 0.008 * s, 0.008)
        thumb = wrist + 0.2 * along + front * 0.028 * s
        volumes.cone(k, thumb, wrist + 0.5 * along + front * 0.06 * s, 0.016 * s, 0.009 * s, 0.02)

    def leg(self, volumes: Volumes, leg: int, loose: float = 0.0, until: float = 2.0, flare: float = 0.0) -> None:
        """Thigh and shin; `until` 1 ends at the knee, 2 at the ankle; `flare` widens the lower end."""
        a, b, c = self.joints[leg : leg + 3]
        m = self.limb
        volumes.cone(leg, a, a + 0.5 * (b - a), 0.088 * m + loose, 0.072 * m + loose, 0.04)
        volumes.cone(leg, a + 0.5 * (b - a), b, 0.073 * m + loose, 0.051 * m + loose, 0.008)
        if until > 1:
            back = np.array([0.0, 0.0, -0.012 * self.s])
            volumes.cone(leg + 1, b, b + 0.3 * (c - b) + back, 0.051 * m + loose, 0.055 * m + loose + flare / 3, 0.012)
            low = 0.036 * m + loose + flare
            volumes.cone(leg + 1, b + 0.3 * (c - b) + back, c, 0.055 * m + loose + flare / 3, low, 0.012)

    def foot(self, volumes: Volumes, leg: int, loose: float = 0.0, heel: float = 0.0) -> None:
        """A foot, or a shoe with `loose` metres of leather."""
        s, ankle = self.s, self.joints[leg + 2]
        x, k = ankle[0], leg + 2
        out = 0.02 * s * np.sign(x)
        volumes.cone(k, ankle, (x, 0.045 * s + heel, -0.035 * s), 0.036 * s + loose, 0.038 * s + loose, 0.03)
        volumes.cone(
            k,
            (x, 0.045 * s + heel, -0.03 * s),
            (x + out, 0.034 * s, 0.12 * s),
            0.037 * s + loose,
            0.032 * s + loose,
            0.03,
        )
        volumes.cone(
            k,
            (x + 0.7 * out, 0.034 * s, 0.09 * s),
            (x + out, 0.026 * s, 0.165 * s),
            0.036 * s + loose,
            0.024 * s + loose,
            0.03,
        )
        volumes.cuts.append([0, 0.0, 0, 0, -1, 0])

    def head_at(self, x: float, y: float, z: float) -> np.ndarray:
        """A point of the head, metres of an average adult's from the base of the skull."""
        return self.joints[HEAD] + np.array([x, y, z]) * self.h

    def neck(self, volumes: Volumes, loose: float = 0.0) -> None:
        """The neck."""
        s, (neck, head) = self.s, self.joints[[NECK, HEAD]]
        r = 0.053 * s * (0.6 + 0.4 * self.build.girth) + loose
        volumes.cone(NECK, neck - (0, 0.02 * s, 0), head + (0, 0.03 * s, 0.012 * s), r * 1.08, r * 0.95, 0.03)

    def head(self, volumes: Volumes) -> None:
        """Skull, jaw, brow, nose, lips and ears."""
        h = self.h

        def egg(at: tuple, radii: tuple, blend: float, tilt: float = 0.0) -> None:
            volumes.ellipsoid(HEAD, self.head_at(*at), tuple(r * h for r in radii), blend * h, tilt)

        egg((0, 0.105, 0.000), (0.074, 0.088, 0.095), 0.03)  # skull
        egg((0, 0.055, 0.040), (0.062, 0.078, 0.060), 0.035)  # face
        egg((0, 0.005, 0.060), (0.042, 0.030, 0.038), 0.03)  # jaw
        egg((0, -0.008, 0.086), (0.020, 0.014, 0.014), 0.02)  # chin
        egg((0, 0.108, 0.090), (0.048, 0.010, 0.010), 0.02)  # brow
        volumes.cone(
            HEAD, self.head_at(0, 0.088, 0.100), self.head_at(0, 0.058, 0.117), 0.008 * h, 0.013 * h, 0.012 * h
        )
        for side in (-1, 1):
            egg((side * 0.013, 0.052, 0.106), (0.010, 0.008, 0.011), 0.012 * h)  # nostril
            egg((side * 0.042, 0.060, 0.076), (0.020, 0.018, 0.018), 0.02)  # cheekbone
            egg((side * 0.077, 0.072, -0.004), (0.010, 0.032, 0.019), 0.006, 12)  # ear
        egg((0, 0.024, 0.098), (0.024, 0.009, 0.010), 0.01)  # lips


def skin(shape: Shape) -> Volumes:
    """All of the body, but the head and the hands, which want a finer mesh."""
    volumes = Volumes()
    shape.trunk(volumes)
    shape.neck(volumes)
    for arm in ARMS:
        shape.arm(volumes, arm)
    volumes.cuts.clear()
    for leg in LEGS:
        shape.leg(volumes, leg)
        shape.foot(volumes, leg)
    return volumes


def head(shape: Shape) -> Volumes:
    """The head with the upper neck."""
    volumes = Volumes()
    shape.head(volumes)
    shape.neck(volumes)
    volumes.cuts.append([*(shape.joints[NECK] + (0, 0.01, 0)), 0, -1, 0])
    return volumes


def hand(shape: Shape, arm: int) -> Volumes:
    """One hand."""
    volumes = Volumes()
    shape.hand(volumes, arm)
    return volumes


def upper_garment(shape: Shape, sleeve: float, hem: float, loose: float, collar: float) -> list[Volumes]:
    """Shirt, pullover, jacket or coat: trunk and sleeves apart, so that each ends where it should.

    `sleeve` 0 (none) to 2 (wrist); `hem` metres under the hips' joints (negative: above); `collar` metres up the neck.
    """
    trunk = Volumes()
    shape.trunk(trunk, loose, low=True)
    hip = shape.joints[LEFT_LEG, 1]
    if collar > 0:
        shape.neck(trunk, loose + 0.006)
    if hem > 0.02:  # a coat falls straight from the hips
        wide = 0.19 * shape.s * shape.build.hips + loose
        low = (hip - hem - 0.05, wide * 1.04, 0.135 * shape.s + loose, 0.0, -0.015)
        trunk.trunk([(PELVIS, low), (PELVIS, (hip + 0.05, wide * 0.93, 0.125 * shape.s + loose, 0.0, -0.015))], 0.05)
    for arm in ARMS:
        a, b = shape.joints[arm], shape.joints[arm + 1]
        trunk.cone(arm, a, a + 0.2 * (b - a), 0.057 * shape.limb + loose, 0.054 * shape.limb + loose, 0.05)
    trunk.cuts.append([0, hip - hem, 0, 0, -1, 0])
    trunk.cuts.append([0, shape.joints[NECK, 1] + 0.02 * shape.s + collar, 0.0, 0, 0.92, 0.40])
    parts = [trunk]
    for arm in ARMS if sleeve > 0 else ():
        part = Volumes()
        shape.arm(part, arm, loose, sleeve)
        parts.append(part)
    return parts


def lower_garment(shape: Shape, until: float, loose: float, flare: float = 0.0) -> Volumes:
    """Trousers or shorts; `until` 1 ends at the knee, 2 at the ankle."""
    volumes = Volumes()
    shape.trunk(volumes, max(loose, 0.006), top=False)
    for leg in LEGS:
        shape.leg(volumes, leg, loose, 2.0 if until > 0.9 else until, flare)
    a, b, c = (shape.joints[LEFT_LEG + i, 1] for i in range(3))
    end = a + until * (b - a) if until <= 1 else b + (until - 1) * (c - b)
    volumes.cuts.append([0, end, 0, 0, -1, 0])
    volumes.cuts.append([0, shape.joints[PELVIS, 1] + 0.08 * shape.s, 0, 0, 1, 0])
    return volumes


def skirt(shape: Shape, until: float, loose: float, flare: float) -> Volumes:
    """A skirt down to `until` (1: the knees). Both thighs and the pelvis carry it."""
    volumes = Volumes()
    shape.trunk(volumes, loose, top=False)
    a, b = shape.joints[LEFT_LEG, 1], shape.joints[LEFT_LEG + 1, 1]
    end, wide, deep = a + until * (b - a), 0.178 * shape.s * shape.build.hips + loose, 0.13 * shape.s + loose
    rings = [(end, wide + flare, deep + flare, 0, -0.01), (a + 0.03, wide, deep, 0, -0.015)]
    volumes.trunk([(PELVIS, ring) for ring in rings], 0.04)
    for leg in LEGS:
        x, half = shape.joints[leg, 0], 0.5 * (wide + flare)
        rings = [(end, half, deep + flare, x, -0.01), (a - 0.1 * (a - end), half * 0.9, deep, x, -0.01)]
        volumes.trunk([(leg, ring) for ring in rings], 0.04)
    volumes.cuts.append([0, end, 0, 0, -1, 0])
    volumes.cuts.append([0, shape.joints[PELVIS, 1] + 0.08 * shape.s, 0, 0, 1, 0])
    return volumes


def shoes(shape: Shape, shaft: float, heel: float = 0.0) -> list[Volumes]:
    """Shoes, or boots with a shaft of some metres."""
    out = []
    for leg in LEGS:
        volumes = Volumes()
        shape.foot(volumes, leg, 0.009 * shape.s, heel)
        ankle = shape.joints[leg + 2]
        if shaft > 0.02:
            up = ankle + (shape.joints[leg + 1] - ankle) * shaft
            volumes.cone(leg + 1, ankle, up, 0.047 * shape.limb, 0.058 * shape.limb, 0.03)
        volumes.cuts.append([0, ankle[1] + 0.01 * shape.s + max(shaft, 0), 0, 0, 1, 0])
        out.append(volumes)
    return out


def hair(shape: Shape, style: str, thick: float) -> Volumes:
    """Hair on the head: short, bob, long, bun, tail, or a cap."""
    volumes, h = Volumes(), shape.h

    def egg(segment: int, at: tuple, radii: tuple, blend: float = 0.02, tilt: float = 0.0) -> None:
        volumes.ellipsoid(segment, shape.head_at(*at), tuple(r * h for r in radii), blend * h, tilt)

    egg(HEAD, (0, 0.112, -0.008), (0.076 + thick, 0.090 + thick, 0.096 + thick), 0.02)
    if style == "cap":
        egg(HEAD, (0, 0.135, 0.095), (0.065, 0.012, 0.075), 0.02, 8)
        volumes.cuts.append([*shape.head_at(0, 0.122, 0), 0, -1, 0])
        return volumes
    if style in ("bob", "long", "tail", "bun"):
        egg(HEAD, (0, 0.04, -0.045), (0.072 + thick, 0.10, 0.055 + thick), 0.03)
    if style == "bun":
        egg(HEAD, (0, 0.17, -0.085), (0.042, 0.042, 0.042), 0.02)
    if style == "tail":
        egg(HEAD, (0, 0.07, -0.135), (0.026, 0.095, 0.028), 0.02, -10)
    if style == "long":
        egg(HEAD, (0, -0.02, -0.06), (0.085, 0.14, 0.045), 0.03)
        egg(CHEST, (0, -0.13, -0.075), (0.095, 0.14, 0.035), 0.03)
    # the face stays free: what lies before and below the line from hairline to ears goes
    line = shape.head_at(0, 0.150, 0.075)
    volumes.cuts.append([*line, 0, -0.60, 0.80])
    if style in ("short", "bun", "tail"):
        volumes.cuts.append([*shape.head_at(0, 0.035, -0.06), 0, -0.75, 0.66])
    return volumes


def coco_points(shape: Shape) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """COCO's 17 keypoints in the pose of the model.

    Returns:
        points (17, 3), the segments that carry them (17,), and how deep under the surface they lie (17,), metres.
    """
    j, s, h = shape.joints, shape.s, shape.h
    face = [shape.head_at(*p) for p in ((0, 0.060, 0.130), (0.032, 0.088, 0.092), (-0.032, 0.088, 0.092))]
    face += [shape.head_at(*p) for p in ((0.080, 0.072, 0.0), (-0.080, 0.072, 0.0))]
    points, segments = face, [HEAD] * 5
    for child in (0, 1, 2):
        for arm in ARMS:
            points.append(j[arm + child] + ((0, 0.012 * s, 0) if child == 0 else 0))
            segments.append((arm, arm + 1, arm + 1)[child])
    for child in (0, 1, 2):
        for leg in LEGS:
            points.append(j[leg + child])
            segments.append((PELVIS, leg + 1, leg + 1)[child])
    deep = [0.01 * h] * 3 + [0.015 * h] * 2
    deep += [0.075 * s] * 2 + [0.05 * s] * 2 + [0.035 * s] * 2 + [0.14 * s] * 2 + [0.07 * s] * 2 + [0.05 * s] * 2
    return np.array(points), np.array(segments), np.array(deep)
