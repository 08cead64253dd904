"""Who hears what of the live stream: each kind of message is held to the table of rights."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from domain.access.accounts import User
from domain.access.rights import Act, Data, may, may_in, message_right
from domain.access.withheld import alert_for
from services.subscription import Message

_NOT_KNOWN = 2**63 - 1
"""No message has this number, so whoever resumes from it is told to load the snapshot again."""


class Audience:
    """One listener in an operation of a kind; ``again`` asks who it is now, and may change the role
    in the middle of the stream."""

    def __init__(self, user: User, kind: str, again: Callable[[], User | None]) -> None:
        self._role = user.role
        self._kind = kind
        self._again = again

    def again(self) -> User | None:
        """Who is listening now; None where nobody is, or nobody who may be here."""
        user = self._again()
        if user is None or not may_in(user.role, self._kind):
            return None
        self._role = user.role
        return user

    def resumes_after(self, last_id: int | None) -> int | None:
        """The number to resume from. The backlog has every position of a day, so who sees no past
        gets none of it and loads the snapshot again instead."""
        past = may(self._role, Act.SEE, Data.TRACKS) or not may(self._role, Act.SEE, Data.POSITIONS)
        return last_id if last_id is None or past else _NOT_KNOWN

    def hears(self, messages: Iterable[Message]) -> Iterator[Message]:
        """Those messages that the role may see, as it may see them."""
        for message in messages:
            right = message_right(message.kind)
            if right is None or not may(self._role, right.act, right.data):
                continue
            yield self._alert(message) if message.kind == "alert" else message

    def _alert(self, message: Message) -> Message:
        if may(self._role, Act.SEE, Data.POSITIONS):
            return message
        said = alert_for(self._role, json.loads(message.data_text))
        return replace(message, data_text=json.dumps(said))
