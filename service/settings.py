"""Settings, all from the environment (``ONEMONTH_*``), checked at start with every fault named at once."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an installation may set; the defaults serve one office on one machine."""

    model_config = SettingsConfigDict(env_prefix="ONEMONTH_", extra="ignore", frozen=True)

    home: Path = Field(Path("var"), description="folder of the record, the models and the logs")
    database_url: str | None = Field(
        None, pattern=r"^(sqlite|postgresql)(\+psycopg)?://", description="record elsewhere than in home"
    )
    region_code: str = Field("440000", pattern=r"^\d{6}(\d{3})?$", description="region served, GB/T 2260")
    host: str = Field("127.0.0.1", description="address the server listens on")
    port: int = Field(8000, ge=1, le=65535, description="port the server listens on")
    language: Literal["zh", "en"] = Field("zh", description="language of pages for who has not chosen one")
    vault_key: str | None = Field(
        None, description="key of the identity vault, 32 bytes in base64; without it identities are not kept"
    )
