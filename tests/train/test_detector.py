"""The face detector: which boxes are faces of their own, and where on the photo they lie."""

import numpy as np
import pytest
import torch

from dlm.train import detector
from dlm.train.detector_network import STRIDE, DetectorNetwork, boxes_of


class Brightness(DetectorNetwork):
    """Says 'a face of 40 x 40' where a picture is white."""

    def forward(self, images):
        white = (images.mean(1, keepdim=True) > 0.95).float()
        share = torch.nn.functional.avg_pool2d(white, STRIDE)
        return torch.cat([share * 20 - 15, torch.zeros_like(share).repeat(1, 4, 1, 1)], dim=1)


@pytest.mark.parametrize("size", [(200, 150), (1400, 900), (97, 230)])
def test_a_box_lies_on_the_photo_where_the_network_saw_it(size):
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    side = max(size) // 5
    x, y = int(0.6 * width), int(0.4 * height)
    image[y - side // 2 : y + side // 2, x - side // 2 : x + side // 2] = 255
    found = detector.Detector(Brightness())(image)
    assert len(found) > 0
    centres = found.boxes[:, :2] + found.boxes[:, 2:] / 2
    assert np.abs(centres - [x, y]).max() <= side / 2


def test_the_surer_of_two_boxes_on_one_face_stays_and_an_eye_is_no_face():
    boxes = np.array([[0, 0, 10, 10], [1, 1, 10, 10], [2, 2, 3, 3], [30, 0, 10, 10.0]])
    assert detector.suppress(boxes, np.array([0.6, 0.9, 0.8, 0.7])).tolist() == [1, 3]


def test_a_cell_tells_a_box_from_its_own_middle():
    answers = torch.zeros(1, 5, 4, 4)
    answers[0, 1:, 2, 1] = torch.tensor([0.5, -0.25, np.log(2.0), 0.0])
    box = boxes_of(answers)[0, :, 2, 1]
    torch.testing.assert_close(box, torch.tensor([8 * 2 - 0.5, 8 * 2.25 - 0.5, 80.0, 40.0]))


def test_shared_area_of_boxes():
    shared = detector.intersections(
        np.array([0.0, 0, 4, 4]), np.array([[2, 2, 4, 4], [5, 0, 1, 1.0]])
    )
    assert shared.tolist() == [4, 0]
