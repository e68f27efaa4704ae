"""How our headers are written for the wire (RFC 2047): spaces between Vietnamese words survive every line break.

The standard library's own folding puts neighbouring words into separate encoded words and loses the space between
them at a line end (seen with Python 3.11: "xử lý nước" arrived as "xử lýnước"). Here a text is encoded as a whole.
"""

from email.header import Header
from email.headerregistry import Address
from email.policy import EmailPolicy

LINE_LENGTH = 76


class MailPolicy(EmailPolicy):
    """The standard library's policy for sending, except for header texts that are not ASCII."""

    def fold(self, name: str, value: str) -> str:
        """A header with its name and line ends."""
        text = str(value)
        if text.isascii():
            return str(super().fold(name, value))
        addresses: tuple[Address, ...] | None = getattr(value, "addresses", None)
        if addresses is None:
            return f"{name}: {self._encoded(text, len(name) + 2)}{self.linesep}"
        separator = f",{self.linesep} "
        return f"{name}: {separator.join(self._address(address, len(name) + 2) for address in addresses)}{self.linesep}"

    def fold_binary(self, name: str, value: str) -> bytes:
        """The same as bytes."""
        return self.fold(name, value).encode("ascii")

    def _address(self, address: Address, indent: int) -> str:
        if address.display_name.isascii():
            return str(address)
        return f"{self._encoded(address.display_name, indent)}{self.linesep} <{address.addr_spec}>"

    def _encoded(self, text: str, indent: int) -> str:
        header = Header(text, "utf-8", maxlinelen=LINE_LENGTH, header_name="x" * max(indent - 2, 1))
        return header.encode(linesep=self.linesep)


MAIL_POLICY = MailPolicy(linesep="\r\n", max_line_length=LINE_LENGTH)
