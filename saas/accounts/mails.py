"""The mails about accounts, each in its receiver's language; opening a link in one changes nothing."""

from __future__ import annotations

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from saas.web.mail import post


def address_of(endpoint: str, **values: str) -> str:
    """An absolute address of the service, also where there is no request."""
    path = current_app.url_map.bind("").build(endpoint, values)
    return f"{current_app.extensions['regulars'].settings.base_url}{path}"


def confirm(email: str, name: str, language: str, token: str) -> None:
    link = address_of("accounts.confirm", token=token)
    with force_locale(language):
        post(
            email,
            _("Please confirm your e-mail address"),
            _(
                "Hello %(name)s,\n\nopen this page and press the button to confirm your address. "
                "It works once, for two days:\n\n%(link)s\n\n"
                "If you did not sign up at Regulars, you need do nothing.\n",
                name=name,
                link=link,
            ),
        )


def reset(email: str, name: str, language: str, token: str) -> None:
    link = address_of("accounts.reset", token=token)
    with force_locale(language):
        post(
            email,
            _("Choose a new password"),
            _(
                "Hello %(name)s,\n\nhere you can choose a new password. "
                "The link works once, for ten minutes:\n\n%(link)s\n\n"
                "If you did not ask for it, you need do nothing: your password stays as it is.\n",
                name=name,
                link=link,
            ),
        )


def known_already(email: str, name: str, language: str) -> None:
    with force_locale(language):
        post(
            email,
            _("You have an account already"),
            _(
                "Hello %(name)s,\n\nsomebody, perhaps you, tried to sign up at Regulars with this address. "
                "It has an account already. Log in here:\n\n%(log_in)s\n\n"
                "If you have forgotten the password:\n\n%(forgotten)s\n",
                name=name,
                log_in=address_of("accounts.log_in"),
                forgotten=address_of("accounts.forgotten"),
            ),
        )


def password_changed(email: str, name: str, language: str) -> None:
    with force_locale(language):
        post(
            email,
            _("Your password was changed"),
            _(
                "Hello %(name)s,\n\nthe password of your account at Regulars was changed just now, "
                "and the account was logged out everywhere else.\n\n"
                "If that was not you, choose a new one at once:\n\n%(link)s\n",
                name=name,
                link=address_of("accounts.forgotten"),
            ),
        )


def invitation(email: str, name: str, language: str, shop: str, inviter: str, token: str) -> None:
    link = address_of("invitations.accept", token=token)
    with force_locale(language):
        post(
            email,
            _("%(inviter)s invites you to %(shop)s", inviter=inviter, shop=shop[:100]),
            _(
                "Hello %(name)s,\n\n%(inviter)s invites you to work with the loyalty program of %(shop)s. "
                "Open this page to accept. It works once, for seven days:\n\n%(link)s\n\n"
                "If you do not know what this is about, you need do nothing.\n",
                name=name,
                inviter=inviter,
                shop=shop,
                link=link,
            ),
        )
