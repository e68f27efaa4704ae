"""Errors that are the operator's to fix: one clear sentence, no trace."""


class OperatorError(Exception):
    """Something the person at the keyboard can mend; the message names the file, field, address or value."""

    exit_code = 2


class SettingsError(OperatorError):
    """A setting is missing, misspelt, of the wrong type or out of bounds."""


class UnreachableError(OperatorError):
    """A broker, database or server does not answer; the message names its address."""

    exit_code = 3
