"""What every answer and every request must keep to: headers, cross-site requests, cookies."""

from __future__ import annotations

from flask import Flask, Response, abort, request
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect
from itsdangerous import URLSafeTimedSerializer

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; media-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "manifest-src 'self'; worker-src 'self'"
)
csrf = CSRFProtect()


class Sessions(SecureCookieSessionInterface):
    """Flask's signed cookie, which carries forms' tokens and messages; its signer is made once, not each time."""

    _signer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        if self._signer is None:
            self._signer = super().get_signing_serializer(app)
        return self._signer


def init(app: Flask, *, is_production: bool) -> None:
    app.config.update(
        WTF_CSRF_TIME_LIMIT=None,  # a counter stays open all day
        SESSION_COOKIE_NAME="__Host-form" if is_production else "form",
        SESSION_COOKIE_SECURE=is_production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=32 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        COMPRESS_MIN_SIZE=3 * 1024,  # what is smaller arrives in the same round trip as it is
    )
    app.session_interface = Sessions()
    csrf.init_app(app)
    app.before_request(refuse_cross_site)
    app.after_request(add_headers)


def refuse_cross_site() -> None:
    """A browser that says another site sent this form is refused, whatever token it carries."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(403)


def add_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CSP)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if response.mimetype == "text/html":
        headers.setdefault("Cache-Control", "no-store, private")
        response.vary.update(["Cookie", "Accept-Language"])
    return response


def set_cookie(
    response: Response, name: str, value: str, *, seconds: int, secure: bool, path: str = "/"
) -> None:
    """A cookie that scripts can't read and other sites can't send; an empty value removes it."""
    response.set_cookie(
        name, value, max_age=seconds if value else 0, path=path, secure=secure, httponly=True, samesite="Lax"
    )
