"""Records what is answered: who came in, who was refused, what went out and what came in.

One look at each answer, so that no route has to think of it. What gives something away (a sign-in,
an export) is durable in the security log before the answer goes out, and becomes 503 where it
cannot be. What has been stored already (an import, a decision) is answered in any case; where it
cannot be recorded the process log has it. Refusals are only noted, and counted by the minute.
"""

from __future__ import annotations

import re
from contextvars import Token
from typing import Any

from flask import Flask, Response, g, request, session

from api.problems import from_error
from domain.access.accounts import User
from domain.access.security import NewSecurityEvent, believed_address, plain_reason
from domain.errors import NotFound, NotPermitted, NotSignedIn, StoreUnavailable, TooManyRequests
from pages.session import visitor
from services.container import Services
from services.security.asking import Asking, asking, begin, end

_REFUSALS = {401, 403, 404, 415, 429}
_SCREENS = {NotSignedIn: 401, NotPermitted: 403, NotFound: 404, TooManyRequests: 429}
"""Refusals that a screen shows in words; their answer is 200."""

_SIGN_IN, _SIGN_OUT = "sign_in", "sign_out"
_NOT_FOREIGN = ("/assets/", "/_dash", "/_favicon")
"""Files of the browser that are not there say nothing about who asks."""

_ACTS = (
    ("import", re.compile(r".*/imports(?:/<int:number>/(commit|undo|discard))?")),
    ("decision", re.compile(r".*/quarantine(?:/<[^>]+>)?/(accept|correct|discard|shift)")),
)


def register(server: Flask, services: Services) -> None:
    """Look at every answer of ``server``; before everything else, so that the gate is seen too."""
    witness = _Witness(services)
    server.before_request(witness.begin)
    server.after_request(witness.look)
    server.teardown_request(witness.end)


class _Witness:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._log = services.security

    def begin(self) -> None:
        """Remember who asks, also for what is recorded far from here."""
        rule = request.url_rule.rule if request.url_rule else "-"
        g.fpu_asking = begin(Asking(believed_address(request.remote_addr), request.method, rule))
        if request.endpoint in (_SIGN_IN, _SIGN_OUT):
            g.fpu_before = _user()  # afterwards it is somebody else

    def end(self, _fault: BaseException | None) -> None:
        """It is answered."""
        token: Token[Asking | None] | None = g.pop("fpu_asking", None)
        if token is not None:
            end(token)

    def look(self, answer: Response) -> Response:
        """Record what there is to record of this answer."""
        now = asking()
        if now is None:
            return answer
        status = _status(answer, now)
        if request.endpoint == _SIGN_IN and request.method == "POST" and status in (303, 401, 429):
            return self._sign_in(answer, now, status)
        if request.endpoint == _SIGN_IN and status == 503 and now.refused is None:
            self._log.note(self._sent_away(now, status))
        elif now.proof is not None:
            self._own_password(now, now.proof, status)
        elif request.endpoint == _SIGN_OUT and status == 303:
            self._ended(now, "signed_out")
        elif status in _REFUSALS:
            self._refused(now, status)
        elif answer.status_code == 200 and "attachment" in answer.headers.get(
            "Content-Disposition", ""
        ):
            return self._given(answer, self._export(answer, now))
        elif request.method == "POST" and answer.status_code in (200, 201):
            self._act(now, status)
        return answer

    def _sign_in(self, answer: Response, now: Asking, status: int) -> Response:
        if status == 303:
            self._ended(now, "changed_user")
            user = _user()
            return self._given(answer, self._event("sign_in", "done", now, user, status=status))
        account = self._typed_account()
        outcome = "throttled" if status == 429 else "refused"
        event = NewSecurityEvent(
            "sign_in", outcome, self._services.clock(), account=account, address=now.address,
            method=now.method, route=now.route, status=status,
            reason="password" if account else "unknown_account",
        )  # fmt: skip
        self._log.note(event)
        return answer

    def _typed_account(self) -> str | None:
        # the field for the name is where people type passwords, so only names that exist
        return self._log.account(request.form.get("name", "").strip())

    def _sent_away(self, now: Asking, status: int) -> NewSecurityEvent:
        """Nothing was proved: others are being checked."""
        return NewSecurityEvent(
            "sign_in", "throttled", self._services.clock(), account=self._typed_account(),
            address=now.address, method=now.method, route=now.route, status=status, reason="busy",
        )  # fmt: skip

    def _own_password(self, now: Asking, outcome: str, status: int) -> None:
        """Whoever sits at an open session may be somebody else, who tries passwords."""
        reason = "busy" if status == 503 else "own_password"
        event = self._event("password", outcome, now, _user(), status=status, reason=reason)
        if outcome == "done":
            self._recorded(event)
        else:
            self._log.note(event)

    def _ended(self, now: Asking, reason: str) -> None:
        before: User | None = g.get("fpu_before")
        if before is not None:
            self._recorded(self._event("sign_out", "done", now, before, reason=reason))

    def _refused(self, now: Asking, status: int) -> None:
        if status == 404 and now.route.startswith(_NOT_FOREIGN):
            return
        user = _user()
        reason = now.refused.extra.get("guard") if now.refused else None
        if user is None and "_user_id" in session:
            reason = "session_ended"
        elif user is None and _sent_token():
            reason = "token"
        outcome = "throttled" if status == 429 else "refused"
        body = self._operation() if user else {}
        event = self._event(
            "refused", outcome, now, user, status=status, reason=plain_reason(reason), body=body
        )
        self._log.note(event)

    def _export(self, answer: Response, now: Asking) -> NewSecurityEvent:
        body = {**self._operation(), "bytes": answer.content_length, "media": answer.mimetype}
        return self._event("export", "done", now, _user(), status=200, body=body)

    def _act(self, now: Asking, status: int) -> None:
        for kind, pattern in _ACTS:
            found = pattern.fullmatch(now.route)
            if found:
                body = self._operation()
                body |= {
                    name: value
                    for name, value in (request.view_args or {}).items()
                    if isinstance(value, int)
                }
                reason = found[1] or "upload"
                self._recorded(
                    self._event(kind, "done", now, _user(), status=status, reason=reason, body=body)
                )

    def _operation(self) -> dict[str, Any]:
        """The operation that is asked about, where there is one of that name."""
        asked = (request.view_args or {}).get("operation") or request.args.get("operation")
        try:
            return {"operation": self._services.roster.operation(str(asked)).id} if asked else {}
        except (NotFound, StoreUnavailable):
            return {}

    def _event(
        self, kind: str, outcome: str, now: Asking, user: User | None, **more: Any
    ) -> NewSecurityEvent:
        who: dict[str, Any] = {}
        if user is not None:
            who = {"account": user.name, "role": user.role, "session": user.session}
        return NewSecurityEvent(
            kind, outcome, self._services.clock(), address=now.address, method=now.method,
            route=now.route, **who, **more,
        )  # fmt: skip

    def _recorded(self, event: NewSecurityEvent) -> None:
        """It has happened: what cannot be recorded is in the process log."""
        try:
            self._log.record(event)
        except StoreUnavailable:
            self._log.note(event)  # and is written later, if the process lives

    def _given(self, answer: Response, event: NewSecurityEvent) -> Response:
        """Nothing is given away that is not recorded."""
        try:
            self._log.record(event)
        except StoreUnavailable as fault:
            now = visitor()
            if event.kind == "sign_in" and now is not None:
                self._take_back(now.credential)
            refused = from_error(fault)
            for name in ("Content-Disposition", "Content-Encoding", "Location"):
                answer.headers.pop(name, None)
            answer.status_code = refused.status_code
            answer.headers["Retry-After"] = refused.headers["Retry-After"]
            answer.headers["Cache-Control"] = "no-store"
            answer.content_type = refused.content_type
            answer.set_data(refused.get_data())
        return answer

    def _take_back(self, secret: str) -> None:
        session.clear()
        try:
            self._services.accounts.sign_out(secret)
        except StoreUnavailable:
            return  # nobody has its secret


def _status(answer: Response, now: Asking) -> int:
    """The status, or that of a refusal which the screen tells in words."""
    if answer.status_code == 200 and now.refused is not None:
        return _SCREENS.get(type(now.refused), 200)
    return answer.status_code


def _sent_token() -> bool:
    return request.authorization is not None and request.authorization.type == "bearer"


def _user() -> User | None:
    """Who is signed in; nobody where the store cannot tell."""
    try:
        now = visitor()
    except StoreUnavailable:
        return None
    return None if now is None else now.user
