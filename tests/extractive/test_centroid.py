import math

import pytest

from service.extractive.centroid import salience, sentence_vectors, similarity


@pytest.mark.parametrize(
    "sentences",
    [
        [["ferry", "pier"], ["ferry", "rain"], ["rain"], []],
        [["渡轮", "码头"], ["渡轮", "下雨"], ["下雨"], []],
    ],
)
def test_a_vector_has_length_one_and_weighs_rare_terms_more(sentences: list[list[str]]) -> None:
    vectors = sentence_vectors(sentences)
    assert vectors[3] == {}
    assert all(math.isclose(similarity(each, each), 1) for each in vectors[:3])
    common, rare = sentences[0]
    assert vectors[0][common] < vectors[0][rare]
    assert similarity(vectors[0], vectors[2]) == 0
    assert 0 < similarity(vectors[0], vectors[1]) == similarity(vectors[1], vectors[0]) < 1


def test_the_sentence_nearest_to_the_centre_is_the_most_salient() -> None:
    vectors = sentence_vectors([["oak"], ["elm"], ["ferry", "pier"], ["ferry", "pier", "rust"]])
    late = [0.0] * 12  # sentences so late that the lead bias is next to nothing
    scores = salience([{}] * 12 + vectors, [*late, 1.0, 1.0, 1.0, 1.0], set())
    assert scores[14] > max(scores[12:14])


def test_the_lead_a_full_sentence_and_the_title_count() -> None:
    vectors = sentence_vectors([["ferry"], ["ferry"], ["ferry"]])
    first, second, third = salience(vectors, [1.0, 1.0, 1.0], set())
    assert first > second > third > 0
    assert salience(vectors, [0.5, 1.0, 1.0], set())[0] == first / 2
    assert salience(vectors, [1.0, 1.0, 1.0], {"ferry", "pier"})[0] > first
