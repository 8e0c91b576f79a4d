"""Errors as users see them: one sentence, and a code for scripts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import typer

USER_ERROR, BUG, STOPPED = 2, 1, 130
_settings = {"traceback": False}


def set_traceback(on: bool) -> None:
    """Whether errors are shown whole from now on."""
    _settings["traceback"] = on


def in_one_sentence(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose errors are one sentence on the error stream: code 2 for what a user can mend, 1 for a bug."""

    @functools.wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            _stop("Stopped; what was done is kept, and the same command goes on from there.", STOPPED)
        except BrokenPipeError:
            raise  # whoever read the output went away: the interpreter deals with it
        except (ValueError, KeyError, OSError, ImportError) as error:
            if _settings["traceback"]:
                raise
            _stop(sentence(error), USER_ERROR)
        except typer.Exit:
            raise
        except Exception as error:
            if _settings["traceback"]:
                raise
            advice = "this is a bug: run impose-widget --traceback with the same command and send what it prints"
            _stop(f"{type(error).__name__}: {sentence(error)} ({advice})", BUG)

    return guarded


def sentence(error: BaseException) -> str:
    """What an error says, on one line."""
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return " ".join(text.split()) or type(error).__name__


def _stop(text: str, code: int) -> None:
    typer.echo(f"impose-widget: {text}", err=True)
    raise typer.Exit(code) from None
