"""The settings, read once from ``FPU_*`` variables; nothing else reads the environment."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from domain.access.proxies import UntrustedProxy, trusted_networks
from domain.access.secret_keys import fault_of_secret
from domain.file_budget import MEGA, FileBudget

ROOT = Path(__file__).resolve().parent
_SECRETS = ("secret_key", "phone_key", "mqtt_password")
_SYSLOG = re.compile(r"(udp|tcp)://(\[[0-9a-fA-F:.]+\]|[\w.-]+):\d{1,5}|unix:///.+")
VERSION = "0.1.0"
"""Of the program; ``pyproject.toml`` says the same."""

DEMONSTRATION_SECRET = "demonstration-only-not-a-secret"  # noqa: S105 - production refuses it


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs between a laptop, a wall screen and a server room.

    ``profile`` is ``demo`` or ``production``. ``feed_host``, when set, is a second address on
    which only the feed endpoints answer (``make phone``). ``policy_file`` names the unit's own
    timers, reserve, roles and words; empty is the defaults. ``connections`` may be open at once in
    a worker, ``address_connections`` of them from one address. ``mqtt_username`` and
    ``mqtt_password`` are who ``flask feeds mqtt`` is to its broker. ``file_readers`` is how many
    track files a worker reads at once, ``file_budget`` what one of them may cost. ``log_file`` and
    ``syslog`` (``udp://host:514``, ``tcp://host:601``, ``unix:///dev/log``) are where the process
    log and the security log go besides; ``security_log_days`` how long the latter is kept.
    """

    profile: str = "demo"
    database_url: str = f"sqlite:///{ROOT / 'var' / 'dashboard.db'}"
    cache_url: str = ""
    secret_key: str = DEMONSTRATION_SECRET
    trusted_proxy: str = ""
    host: str = "127.0.0.1"
    port: int = 8050
    feed_host: str = ""
    feed_port: int = 5055
    phone_key: str = ""
    policy_file: str = ""
    workers: int = 1
    threads: int = 48
    connections: int = 2000
    address_connections: int = 64
    mqtt_username: str = ""
    mqtt_password: str = ""
    file_readers: int = 2
    file_budget: FileBudget = field(default_factory=FileBudget)
    log_file: str = ""
    syslog: str = ""
    security_log_days: int = 400

    def without_secrets(self) -> dict[str, str]:
        """What is set, as text by name, without keys and passwords."""
        told = {one.name: str(getattr(self, one.name)) for one in fields(self)}
        told["database_url"] = _without_password(self.database_url)
        told["cache_url"] = _without_password(self.cache_url)
        return {name: value for name, value in told.items() if name not in _SECRETS}

    @property
    def demonstration(self) -> bool:
        """Whether the demonstration's accounts, tokens and device exist."""
        return self.profile == "demo"


class UnsafeSettings(Exception):
    """The program refuses to start; the message lists every reason, ``reasons`` each of them."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Read ``FPU_*``; raises ``UnsafeSettings`` when the production profile would be unsafe."""
    env = os.environ if environment is None else environment
    default = Settings()
    settings = Settings(
        profile=env.get("FPU_PROFILE", default.profile),
        database_url=env.get("FPU_DATABASE_URL", default.database_url),
        cache_url=env.get("FPU_CACHE_URL", ""),
        secret_key=env.get("FPU_SECRET_KEY", default.secret_key),
        trusted_proxy=env.get("FPU_TRUSTED_PROXY", ""),
        host=env.get("FPU_HOST", default.host),
        port=_integer(env, "FPU_PORT", default.port),
        feed_host=env.get("FPU_FEED_HOST", ""),
        feed_port=_integer(env, "FPU_FEED_PORT", default.feed_port),
        phone_key=env.get("FPU_PHONE_KEY", ""),
        policy_file=env.get("FPU_POLICY", ""),
        workers=_integer(env, "FPU_WORKERS", default.workers),
        threads=_integer(env, "FPU_THREADS", default.threads),
        connections=_integer(env, "FPU_CONNECTIONS", default.connections),
        address_connections=_integer(env, "FPU_ADDRESS_CONNECTIONS", default.address_connections),
        mqtt_username=env.get("FPU_MQTT_USERNAME", ""),
        mqtt_password=env.get("FPU_MQTT_PASSWORD", ""),
        file_readers=_at_least(env, "FPU_FILE_READERS", default.file_readers, 1),
        file_budget=_file_budget(env),
        log_file=env.get("FPU_LOG_FILE", ""),
        syslog=env.get("FPU_SYSLOG", ""),
        security_log_days=_integer(env, "FPU_SECURITY_LOG_DAYS", default.security_log_days),
    )
    _refuse_unsafe(settings, env)
    return settings


def _without_password(url: str) -> str:
    before, at, rest = url.rpartition("@")
    scheme, slashes, who = before.partition("://")
    return f"{scheme}{slashes}{who.partition(':')[0]}{at}{rest}" if at else url


def random_key() -> str:
    """A key that can be typed into a phone: 16 characters, 80 bits, no look-alikes."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "".join(secrets.choice(letters) for _ in range(16))


def _integer(env: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(env.get(name, default))
    except ValueError as fault:
        raise UnsafeSettings(f"{name} must be a whole number") from fault


def _at_least(env: Mapping[str, str], name: str, default: int, least: int) -> int:
    found = _integer(env, name, default)
    if found < least:
        raise UnsafeSettings(f"{name} must be at least {least}")
    return found


def _file_budget(env: Mapping[str, str]) -> FileBudget:
    usual = FileBudget()
    return FileBudget(
        processor_s=_at_least(env, "FPU_FILE_PROCESSOR_S", usual.processor_s, 1),
        wait_s=_at_least(env, "FPU_FILE_WAIT_S", usual.wait_s, 1),
        memory=_at_least(env, "FPU_FILE_MEMORY_MB", usual.memory // MEGA, 128) * MEGA,
        result=_at_least(env, "FPU_FILE_RESULT_MB", usual.result // MEGA, 1) * MEGA,
    )


def _refuse_unsafe(settings: Settings, env: Mapping[str, str]) -> None:
    reasons = []
    if settings.profile not in ("demo", "production"):
        reasons.append("FPU_PROFILE must be demo or production")
    if settings.profile == "production":
        reasons += _faults_of_secret(settings.secret_key)
        if env.get("FLASK_DEBUG", "0") not in ("", "0") or env.get("DASH_DEBUG"):
            reasons.append("debug must be off (FLASK_DEBUG, DASH_DEBUG)")
        if not settings.trusted_proxy:
            reasons.append("FPU_TRUSTED_PROXY must name the proxy that ends TLS")
    elif settings.host not in ("127.0.0.1", "::1", "localhost"):
        reasons.append("the demonstration listens on the loopback address only (FPU_HOST)")
    if min(settings.connections, settings.address_connections) < 1:
        reasons.append("FPU_CONNECTIONS and FPU_ADDRESS_CONNECTIONS must be at least 1")
    if settings.trusted_proxy:
        reasons += _faults_of_proxies(settings.trusted_proxy)
    if settings.syslog and not _SYSLOG.fullmatch(settings.syslog):
        reasons.append("FPU_SYSLOG must be like udp://host:514, tcp://host:601, unix:///dev/log")
    if not 30 <= settings.security_log_days <= 36_500:
        reasons.append("FPU_SECURITY_LOG_DAYS must be from 30 to 36500")
    if env.get("DASH_MCP_ENABLED"):
        reasons.append("DASH_MCP_ENABLED opens an endpoint without sign-in: unset it")
    if reasons:
        raise UnsafeSettings(*reasons)


def _faults_of_secret(secret: str) -> list[str]:
    if secret == DEMONSTRATION_SECRET:
        return ["FPU_SECRET_KEY is the demonstration's, which everybody knows: set one of your own"]
    fault = fault_of_secret(secret)
    return [] if fault is None else [f"FPU_SECRET_KEY {fault}"]


def _faults_of_proxies(addresses: str) -> list[str]:
    try:
        trusted_networks(addresses)
    except UntrustedProxy as refused:
        return [f"FPU_TRUSTED_PROXY: {fault}" for fault in refused.faults]
    return []
