"""``/healthz``: this process answers. ``/readyz``: it can also serve people."""

from __future__ import annotations

from flask import Flask, Response, jsonify

from services.container import Services


def register(server: Flask, services: Services) -> None:
    """Add both addresses; they are open to strangers and tell them nothing else."""

    @server.get("/healthz")
    def alive() -> Response:
        return jsonify(status="alive")

    @server.get("/readyz")
    def ready() -> Response:
        services.ready()
        return jsonify(status="ready")
