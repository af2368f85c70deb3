from tests.ollama.fixtures import ollama_program, ollama_server, tiny_model

__all__ = ["ollama_program", "ollama_server", "tiny_model"]
