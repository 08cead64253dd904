"""``flask exercise load``."""

from __future__ import annotations

from types import SimpleNamespace

from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from commands.exercise import exercise_commands
from data.database import Database
from tests.services.demonstration_world import World


def run(world: World, *words: str) -> Result:
    services = SimpleNamespace(scenarios=world.demonstration)
    group = exercise_commands(lambda: services)
    info = ScriptInfo(create_app=lambda: Flask("none"))
    return CliRunner().invoke(group, list(words), obj=info)


def test_a_history_is_loaded_once(database: Database) -> None:
    world = World(database)
    first = run(world, "load", "history-2021-05", "--if-missing")
    assert first.exit_code == 0, first.output
    assert "history-2021-05 is loaded: 0 positions and 3 entries" in first.output
    second = run(world, "load", "history-2021-05", "--if-missing")
    assert "has been there since" in second.output
    third = run(world, "load", "history-2021-05")
    assert third.exit_code == 1
    assert "operation.id: the operation 'history-2021-05' is there already" in third.output


def test_an_unknown_name_is_answered_with_those_there_are(database: Database) -> None:
    found = run(World(database), "load", "carnival")
    assert found.exit_code == 1
    assert "demo, history-2021-05" in found.output


def test_the_demonstration_tells_how_far_it_is(database: Database) -> None:
    found = run(World(database), "load", "demo", "--seed", "3")
    assert found.exit_code == 0, found.output
    assert "patrols: 6 of 6" in found.output
    assert "seed 3" in found.output
