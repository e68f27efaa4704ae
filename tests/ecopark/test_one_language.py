"""The same option means, and says, the same in every command; every command and option explains itself."""

from collections import defaultdict
from collections.abc import Iterator

import click
import pytest

from ecopark.commands import ecopark
from telemetry_store.command_options import FROM_HELP, LAW_OF_HELP, PARK_HELP, STORE_HELP, TO_HELP

HELP_OF = {"--from": FROM_HELP, "--to": TO_HELP, "--law-of": LAW_OF_HELP, "--park": PARK_HELP}


def commands(group: click.Group = ecopark, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield " ".join((*path, name)), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


EVERY = dict(commands())


def options(command: click.Command) -> list[click.Option]:
    return [parameter for parameter in command.params if isinstance(parameter, click.Option)]


def named(option: str) -> dict[str, click.Option]:
    """Commands that have the option."""
    return {name: o for name, command in EVERY.items() for o in options(command) if option in o.opts}


@pytest.mark.parametrize("name", EVERY)
def test_a_command_and_its_options_explain_themselves(name: str) -> None:
    assert EVERY[name].help or EVERY[name].short_help
    silent = [o.opts[0] for o in options(EVERY[name]) if not o.help and not isinstance(o.type, click.Choice)]
    assert silent == []


@pytest.mark.parametrize("name", [name for name, command in EVERY.items() if isinstance(command, click.Group)])
def test_no_line_of_a_list_of_commands_is_cut_off(name: str) -> None:
    group = EVERY[name]
    assert isinstance(group, click.Group)
    listed = group.list_commands(click.Context(group))
    room = 80 - len("    ") - len("  ") - max(map(len, listed))
    short = [EVERY[f"{name} {each}"].get_short_help_str(room) for each in listed]
    assert [words for words in short if words.endswith("...")] == []


@pytest.mark.parametrize(("option", "words"), HELP_OF.items())
def test_an_option_reads_the_same_everywhere(option: str, words: str) -> None:
    having = named(option)
    assert len(having) > 2
    assert {name: o.help for name, o in having.items()} == dict.fromkeys(having, words)


def test_a_range_has_two_ends_and_says_its_default() -> None:
    assert named("--from").keys() == named("--to").keys()
    for name, option in (*named("--from").items(), *named("--to").items()):
        assert option.required or isinstance(option.show_default, str), name


def test_only_what_was_known_is_asked_with_as_of() -> None:
    assert list(named("--as-of")) == ["analytics findings"]


def test_every_store_is_a_url_and_has_a_token() -> None:
    having = {name: option for name, option in named("--store").items() if name != "simulate"}
    for name, option in having.items():
        assert (option.help or "").endswith(STORE_HELP), name
        assert name in named("--store-token"), name
        assert name in named("--store-token-file"), name


def test_what_can_be_chosen_has_one_letter_case_and_one_order() -> None:
    choices = defaultdict(set)
    for name, option in named("--language").items():
        assert isinstance(option.type, click.Choice)
        choices[tuple(option.type.choices)].add(name)
    assert list(choices) == [("vi", "en")]
