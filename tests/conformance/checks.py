"""Runs functions as checks: one line each, and an exit code that tells whether all held."""

import sys
import traceback

_checks = []


def check(title):
    """Registers a function as a check; they run in the order they are written."""

    def register(function):
        _checks.append((title, function))
        return function

    return register


def run(*arguments):
    failed = 0
    for title, function in _checks:
        try:
            function(*arguments)
            print(f"ok    {title}", flush=True)
        except Exception:
            failed += 1
            print(f"FAIL  {title}", flush=True)
            traceback.print_exc()
    sys.exit(1 if failed else 0)


def expect_error(kind, action):
    """The error that `action` raises; it is a failure when it raises none."""
    try:
        action()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")
