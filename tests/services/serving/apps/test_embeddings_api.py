import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest

from services.serving.apps.embeddings_api import EmbeddingsModel, embeddings_app
from services.serving.apps.word_table import Embedded, unit

PATH = "/v1/embeddings"


async def by_length(texts: list[str]) -> Embedded:
    rows = np.array([[len(text), 1, 2, 3] for text in texts], dtype=np.float32)
    return Embedded(unit(rows), [len(text) for text in texts])


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    model = EmbeddingsModel("words", by_length, dimensions=4, max_texts=3, deployment_id=lambda: "words-0123456789")
    transport = httpx.ASGITransport(embeddings_app(model))
    async with httpx.AsyncClient(transport=transport, base_url="http://replica") as opened:
        yield opened


async def test_each_text_gets_its_vector_in_order_and_its_tokens_are_counted(client: httpx.AsyncClient) -> None:
    answer = (await client.post(PATH, json={"input": ["a", "bbb"], "model": "words"})).json()
    expected = (await by_length(["a", "bbb"])).vectors
    assert [row["index"] for row in answer["data"]] == [0, 1]
    np.testing.assert_allclose([row["embedding"] for row in answer["data"]], expected, atol=1e-6)
    assert answer["usage"] == {"prompt_tokens": 4, "total_tokens": 4}
    assert answer["deployment_id"] == "words-0123456789"


async def test_a_single_text_and_base64_give_the_same_numbers(client: httpx.AsyncClient) -> None:
    plain = (await client.post(PATH, json={"input": "abc"})).json()
    packed = (await client.post(PATH, json={"input": "abc", "encoding_format": "base64"})).json()
    decoded = np.frombuffer(base64.b64decode(packed["data"][0]["embedding"]), dtype="<f4")
    np.testing.assert_allclose(decoded, plain["data"][0]["embedding"], atol=1e-6)


async def test_fewer_dimensions_are_of_unit_length_again(client: httpx.AsyncClient) -> None:
    answer = (await client.post(PATH, json={"input": "abc", "dimensions": 2})).json()
    vector = answer["data"][0]["embedding"]
    assert len(vector) == 2
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"input": []}, 400, "invalid_request"),
        ({"input": ""}, 400, "invalid_request"),
        ({"input": [1, 2]}, 400, "invalid_request"),
        ({"input": ["a"] * 4}, 400, "too_many_inputs"),
        ({"input": "a", "dimensions": 5}, 400, "invalid_dimensions"),
        ({"input": "a", "encoding_format": "hex"}, 400, "invalid_request"),
        ({"input": "a", "model": "other"}, 404, "model_not_found"),
    ],
)
async def test_wrong_requests_get_openai_shaped_errors(
    client: httpx.AsyncClient, body: dict[str, Any], status: int, code: str
) -> None:
    response = await client.post(PATH, json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


async def test_the_model_is_listed(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/models")).json()["data"][0]["id"] == "words"
    assert (await client.get("/health")).json()["status"] == "ok"
