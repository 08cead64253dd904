"""The documents keep to the program: every file, setting, command, layer, format and screen."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from app import create_app
from formats.registry import FORMATS
from layers.registry import LAYERS, MapLayer
from pages.registry import PAGES, Page
from pages.strings import text
from settings import ROOT, Settings

DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
MADE_LATER = ("var", ".venv")
FILES = {path.name for path in ROOT.iterdir() if path.is_file()}
ROOMS = {path.name for path in ROOT.iterdir() if path.is_dir()} - set(MADE_LATER)
BY_NAME = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)
TOLD = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)


def _named_files(document: Path) -> Iterator[str]:
    """What stands in backticks and is a path from the root, without blanks or placeholders."""
    for words in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", document.read_text(encoding="utf-8")):
        if re.fullmatch(r"[\w./-]+", words) and (
            words in FILES or ("/" in words and words.partition("/")[0] in ROOMS)
        ):
            yield words


@BY_NAME
def test_every_file_that_is_named_exists(document: Path) -> None:
    missing = [name for name in _named_files(document) if not (ROOT / name).exists()]
    assert not missing


@BY_NAME
def test_every_link_leads_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8"))
    inside = [target.partition("#")[0] for target in targets if ":" not in target]
    assert not [target for target in inside if not (document.parent / target).exists()]


def test_files_are_looked_for_at_all() -> None:
    assert sum(1 for document in DOCUMENTS for _ in _named_files(document)) > 60


def test_every_setting_is_in_the_table_for_operators() -> None:
    read = set(re.findall(r"FPU_[A-Z_]+", (ROOT / "settings.py").read_text(encoding="utf-8")))
    told = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\| .*`(FPU_[A-Z_]+)`", told)) <= read
    assert not {name for name in read if f"`{name}`" not in told}


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name)


def test_every_command_is_mentioned(database_url: str) -> None:
    commands = list(_commands(create_app(Settings(database_url=database_url)).cli))
    assert ("roster", "units", "add") in commands
    said = [" ".join(path[-2:] if len(path) > 1 else ("flask", *path)) for path in commands]
    assert not [words for words in said if words not in TOLD]


def _command_lines() -> Iterator[str]:
    """What follows ``flask`` in lines of shell and in backticks; not what is cut off there."""
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for block in re.findall(r"^```sh\n(.*?)^```", operations, re.M | re.S):
        for line in block.replace("\\\n", " ").splitlines():
            found = re.search(r"(?:^|[ /])flask (?:--app \S+ )?(.*)", line.partition(" # ")[0])
            if found:
                yield found[1]
    yield from re.findall(
        r"`flask ([^`]+)`", re.sub(r"^```.*?^```", "", operations, flags=re.M | re.S)
    )


def _refused_shape(root: click.Group, line: str, folder: Path) -> str | None:
    """Why the program would not take the line, before anything is done; None where it would."""
    plain = re.sub(r"\[([^]]*)\]", r"\1", re.sub(r"\$\([^)]*\)", "x", line))
    words = shlex.split(re.sub(r"\s*[>&|;].*", "", plain, flags=re.S))
    cut = "…" in words
    words = [word for word in words if word != "…"]
    command: click.Command = root
    context = click.Context(root)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        if found is None:
            return f"there is no {words[0]}"
        command, words = found, words[1:]
        context = click.Context(command, parent=context)
    if isinstance(command, click.Group):
        return None if cut or not words else f"{command.name} wants a command"
    given = []
    for word in words:
        stands_for = {"ROLE": "WALL", "KIND": "units", "NUMBER": "1", "DAYS": "30"}.get(word, word)
        if re.search(r"\.\w+$|^FILE$", word):
            stands_for = str(folder / "file")
        given.append(stands_for)
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.prompt:
            given += [parameter.opts[0], "x"]
    try:
        with command.make_context(str(command.name), given, parent=context):
            return None
    except click.UsageError as fault:
        if isinstance(fault, click.MissingParameter):  # in a sentence, or an option in a table
            shortened = cut or not words or isinstance(fault.param, click.Option)
            return None if shortened else str(fault)
        return str(fault)


def test_every_command_line_for_operators_is_one_the_program_takes(
    database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    root = create_app(Settings(database_url=database_url)).cli
    lines = list(_command_lines())
    assert "roster import units units.csv" in [line.strip() for line in lines]
    refused = {line: _refused_shape(root, line, tmp_path) for line in lines}
    assert {line: why for line, why in refused.items() if why} == {}
    assert _refused_shape(root, "roster import units.csv …", tmp_path)
    assert _refused_shape(root, "roster imports units units.csv", tmp_path)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.id)
def test_a_layer_is_a_module_of_its_name(layer: MapLayer) -> None:
    module = ROOT / "layers" / f"{layer.id}.py"
    assert f'"{layer.id}"' in module.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_a_module_with_payloads_and_a_section(name: str) -> None:
    assert (ROOT / "formats" / f"{name}.py").is_file()
    assert (ROOT / "tests" / "payloads" / name).is_dir()
    assert f"\n## `{name}`" in (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_a_screen_has_callbacks_and_a_section_in_the_user_guide(page: Page) -> None:
    screen = page.layout.__module__.rpartition(".")[-1]
    assert (ROOT / "callbacks" / f"{screen}.py").is_file()
    guide = (ROOT / "docs" / "user-guide.md").read_text(encoding="utf-8")
    assert f"\n## {text(page.title_key)}\n" in guide
