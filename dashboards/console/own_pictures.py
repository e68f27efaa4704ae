"""Tells the browser to load pictures from the console alone, also in what a page shows inside a frame (an e-mail)."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

POLICY = b"img-src 'self' data: blob:"


class OwnPictures:
    """ASGI middleware: a frame's own document takes this policy over before the first byte of it is read.

    The policy inside the e-mail's document comes with its first line; a browser that reads ahead may ask earlier.
    """

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass everything on; the head of each answer over HTTP gets the policy."""

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"content-security-policy", POLICY)]
            await send(message)

        await self._app(scope, receive, with_policy if scope["type"] == "http" else send)
