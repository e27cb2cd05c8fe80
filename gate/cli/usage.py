"""Wrong usages, in one line each that says what is wrong and what to write instead."""

import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

import click
from click.exceptions import BadOptionUsage, MissingParameter, NoSuchCommand, NoSuchOption

_WORDS = {"version": "gate --version", "status": "gate lane status"}  # what other programs call these
_EXTRA = re.compile(r"unexpected extra arguments? \((.*)\)", re.S)
_CLOSE_OPTION = 0.7  # likewise: "conf" is close to "config", "since" is not to "json"
_HELP = "help"
_COUNTABLE = 1e5  # a larger bound says nothing to a person
_CLOSE = 0.75  # of difflib: "lockdwn" is close to "lockdown", "find" is not to "free"


def explain(error: click.UsageError) -> str:
    """Return the error as one line."""
    what, hint = _reason(error)
    text = f"{what}. {hint}" if hint else what
    if error.ctx is not None and not hint.endswith("?"):
        text += f" (see `{error.ctx.command_path} --help`)"
    return " ".join(text.split())


def _reason(error: click.UsageError) -> tuple[str, str]:
    """Return what is wrong, and what to do."""
    match error:
        case NoSuchCommand():
            return f"there is no command {error.command_name!r}", _command_meant(error)
        case NoSuchOption():
            return _option_meant(error)
        case MissingParameter() if error.param is not None:
            return f"{_name(error.param)} is missing", _what_fits(error.param) or _takes(error.ctx)
        case click.BadParameter() if error.param is not None:
            return _bad_value(error, error.param)
        case BadOptionUsage():
            return f"{error.option_name} is incomplete or has too much behind it", _plain(error.message)
    if found := _EXTRA.search(error.message):
        return f"{found[1]!r} is one word too many", _config_meant(error.ctx, found[1]) or _takes(error.ctx)
    return _plain(error.message), ""


def _command_meant(error: NoSuchCommand) -> str:
    """Return the command that was perhaps meant, with the words behind it."""
    context = error.ctx
    if context is None or not isinstance(context.command, click.Group):
        return ""
    name, rest = error.command_name, _words_behind(error.command_name)
    path = context.command_path
    if context.parent is None and name in (_HELP, *_WORDS):
        return f"Write `{_WORDS[name]}`" if name in _WORDS else f"Write `{shlex.join(['gate', *rest])} --help`"
    own = context.command.list_commands(context)
    if near := get_close_matches(name, own, 1, _CLOSE):
        return _question(path, near[0], rest)
    if context.parent is None:
        inner = dict(_inner_commands(context))
        exact = [group for group, names in inner.items() if name in names]
        if exact:
            return _question(path, exact[0], [name, *rest])
        for group, names in inner.items():
            if near := get_close_matches(name, names, 1, _CLOSE):
                return _question(path, group, [near[0], *rest])
    elif context.find_root().command is not context.command:
        root = context.find_root()
        if isinstance(root.command, click.Group) and name in root.command.list_commands(root):
            return _question(root.command_path, name, rest)
    return f"Known: {', '.join(own)}"


def _inner_commands(context: click.Context) -> Iterator[tuple[str, list[str]]]:
    """Yield the groups, and the names of their commands."""
    group = context.command
    assert isinstance(group, click.Group)  # noqa: S101 - of the caller
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield name, command.list_commands(context)


def _question(path: str, name: str, rest: Sequence[str]) -> str:
    return f"Did you mean `{path} {shlex.join([name, *rest])}`?"


def _words_behind(word: str) -> list[str]:
    """Return the words of this command line behind the first that is this one."""
    words = sys.argv[1:]
    return words[words.index(word) + 1 :] if word in words else []


def _option_meant(error: NoSuchOption) -> tuple[str, str]:
    context, name = error.ctx, error.option_name
    if re.fullmatch(r"-\d.*", name) and context is not None:
        for param in context.command.params:
            if isinstance(param, click.Argument) and isinstance(param.type, click.types.IntParamType):
                return f"{_name(param)} cannot be {name}", _what_fits(param) or "Give a number from 0 on"
    what = f"there is no option {name}"
    if context is None:
        return what, ""
    word = name.lstrip("-")
    for param in context.command.params:
        if isinstance(param, click.Argument) and isinstance(param.type, click.Choice) and word in param.type.choices:
            return what, f"Did you mean `{context.command_path} {word}`?"
    options = [one[2:] for param in context.command.get_params(context) for one in param.opts if one.startswith("--")]
    if near := get_close_matches(word, options, 1, _CLOSE_OPTION):
        return what, f"Did you mean --{near[0]}?"
    return what, _behind_the_command(context, name)


def _behind_the_command(context: click.Context, option: str) -> str:
    """Return the command line with the option behind its command, where it belongs; "" for an option that none has."""
    rest = _words_behind(option)
    value = rest[:1] if rest and not rest[0].startswith("-") else []
    command, path, left = context.command, context.command_path.split(), rest
    while isinstance(command, click.Group):
        inner = next((word for word in left if word in command.list_commands(context)), None)
        found = inner and command.get_command(context, inner)
        if not inner or not found:
            return ""
        left, path, command = left[left.index(inner) + 1 :], [*path, inner], found
    for param in command.params:
        if option in param.opts:
            takes = [] if getattr(param, "is_flag", False) else value
            return f"Did you mean `{shlex.join([*path, option, *takes, *left])}`?"
    return ""


def _bad_value(error: click.BadParameter, param: click.Parameter) -> tuple[str, str]:
    name, message = _name(param), _plain(error.message)
    if isinstance(param.type, click.Choice):
        given = re.match(r"'(.*)' is not one of", error.message, re.S)
        choices = [str(one) for one in param.type.choices]
        near = get_close_matches(given[1], choices, 1, 0.6) if given else []
        asked = f"Did you mean {near[0]}? " if near else ""
        return f"{name} cannot be {given[1] if given else 'this'}", f"{asked}Give {_any_of(choices)}"
    if isinstance(param.type, click.types._NumberRangeBase | click.types.IntParamType | click.types.FloatParamType):
        given = re.match(r"'?([^' ]*)'? is not", error.message)
        return f"{name} cannot be {given[1] if given else 'this'}", _what_fits(param)
    return f"{name}: {message}", ""


def _what_fits(param: click.Parameter) -> str:
    """Return what may be given for a parameter."""
    kind = param.type
    if isinstance(kind, click.Choice):
        return f"Add {_any_of([str(one) for one in kind.choices])}"
    if isinstance(kind, click.types._NumberRangeBase):
        what = "a whole number" if isinstance(kind, click.IntRange) else "a number"
        if kind.min is not None and kind.max is not None and kind.max <= _COUNTABLE:
            return f"Give {what} from {kind.min:g} to {kind.max:g}"
        return f"Give {what}" if kind.min is None else f"Give {what}, {kind.min:g} or more"
    if isinstance(kind, click.types.IntParamType):
        return "Give a whole number"
    if isinstance(kind, click.types.FloatParamType):
        return "Give a number"
    if isinstance(param, click.Option) and param.help:
        return param.help.partition(".")[0]
    return ""


def _config_meant(context: click.Context | None, word: str) -> str:
    """Return the command with the option that a configuration's name lacks."""
    if context is None or not word.endswith(".toml"):
        return ""
    takes = any("--config" in param.opts for param in context.command.params)
    return f"Did you mean `{context.command_path} {shlex.join(['--config', word])}`?" if takes else ""


def _takes(context: click.Context | None) -> str:
    if context is None:
        return ""
    usage = " ".join(context.command.collect_usage_pieces(context))
    return f"The command is `{context.command_path} {usage}`"


def _name(param: click.Parameter) -> str:
    if isinstance(param, click.Argument):
        return param.metavar or (param.name or "").upper()
    return max(param.opts, key=len)


def _any_of(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _plain(message: str) -> str:
    text = message.strip().rstrip(".")
    return text[:1].lower() + text[1:] if not text[:2].isupper() else text
