"""The vocabulary of the domain: numpy and pandas only, no video, no network, no Jupyter.

Letters in shapes, here and everywhere in the package: B batch, T frames, N people or detections, K keypoints, H, W.
Coordinates: pixels of the original video, integers at pixel centres (as COCO keypoints, OpenCV and napari).
"""
