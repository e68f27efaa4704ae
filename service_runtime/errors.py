"""Errors that are the operator's to fix: one clear sentence, no trace."""


class OperatorError(Exception):
    """Something the person at the keyboard can mend; the message names the file, field, address or value."""

    exit_code = 2


class SettingsError(OperatorError):
    """A setting is missing, misspelt, of the wrong type or out of bounds."""


class UnreachableError(OperatorError):
    """A broker, database or server does not answer; the message names its address."""

    exit_code = 3


def why_unreachable(error: BaseException) -> str:
    """What the system said at the bottom of wrapped errors (``connection refused``), else their own words."""
    waiting, seen = [error], set[int]()
    while waiting:
        found = waiting.pop(0)
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, OSError) and found.strerror:
            return found.strerror.lower()
        inner = (found.__cause__, found.__context__, getattr(found, "reason", None), *found.args)
        waiting += [one for one in inner if isinstance(one, BaseException)]
    return str(error)
