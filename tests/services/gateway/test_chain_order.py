import pytest

from services.gateway.chain_order import chain_order, configured_chain
from services.gateway.config import ProviderName
from services.gateway.environment import load_config

OLLAMA = {"OLLAMA_BASE_URL": "http://127.0.0.1:11434"}
REMOTE = {"GPU_REMOTE_URL": "https://gpu.example"}
HUGGINGFACE = {"HUGGINGFACE_API_KEY": "hf"}
PAID = {"OPENAI_API_KEY": "o", "ANTHROPIC_API_KEY": "a", "ENABLE_PAID_API": "true"}
RAY = {"RAY_SERVE_URL": "http://127.0.0.1:8000/generate"}


@pytest.mark.parametrize(
    ("environment", "order"),
    [
        pytest.param(
            {**OLLAMA, **REMOTE, **HUGGINGFACE},
            "ollama_local remote_gpu huggingface local_stub",
            id="zero budget",
        ),
        pytest.param(OLLAMA, "ollama_local local_stub", id="local only"),
        pytest.param(REMOTE, "remote_gpu local_stub", id="remote only"),
        pytest.param(
            {**OLLAMA, **REMOTE, **HUGGINGFACE, **PAID},
            "ollama_local remote_gpu huggingface openai anthropic local_stub",
            id="full",
        ),
        pytest.param({**OLLAMA, **RAY}, "remote_gpu ollama_local local_stub", id="Ray leads"),
        pytest.param({**OLLAMA, **RAY, "USE_RAY_SERVE": "true"}, "remote_gpu ollama_local local_stub", id="Ray on"),
        pytest.param({**OLLAMA, **RAY, "USE_RAY_SERVE": "false"}, "ollama_local local_stub", id="Ray off"),
        pytest.param({**OLLAMA, "RAY_SERVE_URL": " , "}, "ollama_local local_stub", id="empty list of Ray"),
        pytest.param(
            {**OLLAMA, **RAY, **REMOTE, "USE_RAY_SERVE": "false"},
            "ollama_local remote_gpu local_stub",
            id="Ray off leaves the other remote",
        ),
        pytest.param({**OLLAMA, **PAID, "ENABLE_PAID_API": "false"}, "ollama_local local_stub", id="paid off"),
        pytest.param({"OPENAI_API_KEY": "o"}, "local_stub", id="paid unset"),
        pytest.param({}, "local_stub", id="nothing"),
    ],
)
def test_environment_variables_alone_give_the_order(environment: dict[str, str], order: str) -> None:
    config = load_config({"FOREBAY_AUTH": "off", **environment})

    assert " ".join(configured_chain(config)) == order


def test_an_override_is_taken_as_it_is_less_paid_providers_while_they_are_off() -> None:
    override = (ProviderName.OPENAI, ProviderName.OLLAMA_LOCAL)

    assert chain_order((), paid=True, ray_leads=True, override=override) == override
    assert chain_order((), paid=False, ray_leads=True, override=override) == (ProviderName.OLLAMA_LOCAL,)
