from collections.abc import AsyncIterator

import httpx2 as httpx
import pytest

from services.serving.apps.centroid import NearestCentroid
from services.serving.apps.classifier_api import ClassifierModel, classifier_app
from services.serving.apps.word_table import WordTable

EXAMPLES = {"travel": ["book a flight", "find a hotel room"], "billing": ["the invoice is wrong", "refund my payment"]}


@pytest.fixture(scope="module")
def classifier() -> NearestCentroid:
    return NearestCentroid.fit(EXAMPLES, 0.1, WordTable.packaged().embed)


@pytest.fixture
async def client(classifier: NearestCentroid) -> AsyncIterator[httpx.AsyncClient]:
    model = ClassifierModel("topics", classifier, max_texts=2, deployment_id=lambda: "topics-0123456789")
    transport = httpx.ASGITransport(classifier_app(model))
    async with httpx.AsyncClient(transport=transport, base_url="http://replica") as opened:
        yield opened


async def test_texts_get_the_nearest_label_with_shares_that_sum_to_one(client: httpx.AsyncClient) -> None:
    inputs = ["reserve plane tickets", "you charged my card twice"]
    answer = (await client.post("/classify", json={"inputs": inputs})).json()
    assert [result["label"] for result in answer["results"]] == ["travel", "billing"]
    for result in answer["results"]:
        assert sum(result["scores"].values()) == pytest.approx(1, abs=1e-4)
        assert max(result["scores"], key=result["scores"].__getitem__) == result["label"]
    assert answer["deployment_id"] == "topics-0123456789"


@pytest.mark.parametrize("body", [{"inputs": []}, {"inputs": ["a", "b", "c"]}, {"texts": ["a"]}, {"inputs": [""]}])
async def test_wrong_requests_are_refused(client: httpx.AsyncClient, body: dict[str, list[str]]) -> None:
    response = await client.post("/classify", json=body)
    assert response.status_code == 400
    assert response.json()["error"]["message"]


def test_the_order_of_labels_changes_nothing(classifier: NearestCentroid) -> None:
    other = NearestCentroid.fit(dict(reversed(EXAMPLES.items())), 0.1, WordTable.packaged().embed)
    assert other.classify(["a cheap flight"]) == classifier.classify(["a cheap flight"])


def test_a_lower_temperature_is_surer() -> None:
    embed = WordTable.packaged().embed
    mild, sharp = (NearestCentroid.fit(EXAMPLES, t, embed).classify(["a cheap flight"])[0] for t in (1.0, 0.05))
    assert sharp.scores["travel"] > mild.scores["travel"]
