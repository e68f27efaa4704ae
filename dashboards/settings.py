"""The console's settings; each can be set as ``ECOPARK_CONSOLE_<FIELD>``."""

import msgspec

PROGRAM = "console"


class ConsoleSettings(msgspec.Struct, frozen=True):
    """Where the console finds its park, its store and the rest of the chain.

    ``mailbox_path`` is a folder of ``.eml`` files (what the park's mail sink received); empty hides the mailbox's
    content. ``ingest_url`` is where the ingest program answers ``/api/v1/status``; empty hides the chain's state.
    ``analytics_state_path`` is accepted because deployments share it between programs; no page reads it.
    """

    park_folder: str
    store_url: str
    store_token: str = ""
    ingest_url: str = ""
    mailbox_path: str = ""
    analytics_state_path: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
