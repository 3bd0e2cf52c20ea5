"""The staff page: roles, invitations, PINs, and the last owner."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from saas.accounts import inviting, passwords, proving, roster
from saas.accounts.models import Invitation, Staff, User, UserSession
from saas.accounts.operations import WrongPassword
from saas.accounts.pins import verify_pin
from saas.db import PLATFORM, db, transaction
from saas.merchants.registry import Record
from saas.web.clock import utcnow
from saas.web.refusals import TooMany
from tests.factories import cast
from tests.factories.accounts import PASSWORD, a_user, link_in, mails_to, new_address

AsRole = Callable[[Record, str], FlaskClient]


def staff_id(app: Flask, merchant: Record, role: str) -> uuid.UUID:
    with app.app_context(), transaction(PLATFORM):
        return cast.staff_of(merchant, role).id


def invite(client: FlaskClient, merchant: Record, role: str, email: str) -> int:
    form = {"invite-email": email, "invite-name": "Nikos", "invite-role": role}
    return client.post(f"/console/{merchant.slug}/staff/invitations", data=form).status_code


def test_the_page_shows_people_and_what_roles_may(bakery: Record, as_role: AsRole) -> None:
    page = as_role(bakery, "owner").get(f"/console/{bakery.slug}/staff").text
    assert f"cashier@{bakery.slug}.example" in page
    assert "Who may do what" in page
    assert as_role(bakery, "cashier").get(f"/console/{bakery.slug}/staff").status_code == 403


def test_an_invited_person_sets_a_password_and_is_in(
    app: Flask, bakery: Record, as_role: AsRole, client: FlaskClient
) -> None:
    email = new_address()
    assert invite(as_role(bakery, "owner"), bakery, "manager", email) == 303
    link = link_in(mails_to(app, email)[0])
    for _time in range(5):
        assert client.get(link).status_code == 200
    assert client.post(link, data={"name": "Nikos", "password": "password"}).status_code == 422
    answer = client.post(link, data={"name": "Nikos", "password": PASSWORD})
    assert answer.headers["Location"] == f"/console/{bakery.slug}/"
    assert client.get(f"/console/{bakery.slug}/staff").status_code == 200
    assert app.test_client().post(link, data={"name": "X", "password": PASSWORD}).status_code == 404


def test_a_known_person_logs_in_first_and_confirms(
    app: Flask, bakery: Record, as_role: AsRole, client: FlaskClient
) -> None:
    user = a_user(app)
    invite(as_role(bakery, "owner"), bakery, "cashier", user.email)
    link = link_in(mails_to(app, user.email)[0])
    assert "You have an account already" in client.get(link).text
    assert client.post(link, data={"name": "Thief", "password": "some other words"}).status_code == 422
    client.post(
        "/log-in",
        data={"email": user.email, "password": PASSWORD},
        environ_base={"REMOTE_ADDR": "198.51.100.1"},
    )
    assert client.post(link).headers["Location"] == f"/counter/{bakery.slug}"


def test_a_withdrawn_an_old_and_a_replaced_invitation_do_not_work(
    app: Flask, bakery: Record, as_role: AsRole, client: FlaskClient
) -> None:
    owner, email = as_role(bakery, "owner"), new_address()
    invite(owner, bakery, "cashier", email)
    invite(owner, bakery, "cashier", email)
    first, second = (link_in(mail) for mail in mails_to(app, email))
    assert client.get(first).status_code == 404
    with app.app_context(), transaction(PLATFORM):
        pending = select(Invitation.id).where(Invitation.email == email, Invitation.revoked_at.is_(None))
        invitation_id = db.session.scalars(pending).one()
    base = f"/console/{bakery.slug}/staff/invitations/{invitation_id}"
    assert owner.post(f"{base}/resend").status_code == 303
    assert client.get(second).status_code == 404
    third = link_in(mails_to(app, email)[2])
    assert client.get(third).status_code == 200
    assert owner.post(f"{base}/revoke").status_code == 303
    assert client.get(third).status_code == 404
    assert client.post(third, data={"name": "X", "password": PASSWORD}).status_code == 404


def test_a_manager_invites_cashiers_only(app: Flask, bakery: Record, as_role: AsRole) -> None:
    manager = as_role(bakery, "manager")
    assert invite(manager, bakery, "cashier", new_address()) == 303
    assert invite(manager, bakery, "owner", new_address()) == 422
    assert invite(as_role(bakery, "cashier"), bakery, "cashier", new_address()) == 403
    owner_id = staff_id(app, bakery, "owner")
    assert manager.post(f"/console/{bakery.slug}/staff/{owner_id}/remove").status_code == 403
    cashier_id = staff_id(app, bakery, "cashier")
    promoted = manager.post(f"/console/{bakery.slug}/staff/{cashier_id}", data={"role": "manager"})
    assert promoted.status_code == 422


def test_somebody_who_works_here_is_not_invited_again(bakery: Record, as_role: AsRole) -> None:
    assert invite(as_role(bakery, "owner"), bakery, "cashier", f"CASHIER@{bakery.slug}.example") == 422


def test_removing_ends_access_at_once(app: Flask, bakery: Record, as_role: AsRole) -> None:
    manager = as_role(bakery, "manager")
    assert manager.get(f"/console/{bakery.slug}/staff").status_code == 200
    owner = as_role(bakery, "owner")
    address = f"/console/{bakery.slug}/staff/{staff_id(app, bakery, 'manager')}/remove"
    assert owner.post(address).status_code == 303
    assert manager.get(f"/console/{bakery.slug}/staff").status_code == 404
    assert owner.post(address).status_code == 404


def test_who_has_not_confirmed_an_address_sends_no_invitations(
    app: Flask, bakery: Record, as_role: AsRole
) -> None:
    owner, early, late = as_role(bakery, "owner"), new_address(), new_address()
    assert invite(owner, bakery, "cashier", early) == 303
    with app.app_context(), transaction(PLATFORM):
        user = db.session.get_one(User, cast.staff_of(bakery, "owner").user_id)
        user.email_confirmed_at = None
        sent = db.session.scalars(select(Invitation.id).where(Invitation.email == early)).one()
    assert invite(owner, bakery, "cashier", late) == 422
    assert owner.post(f"/console/{bakery.slug}/staff/invitations/{sent}/resend").status_code == 422
    assert mails_to(app, late) == []
    assert len(mails_to(app, early)) == 1


def test_sixty_invitations_a_day_whatever_the_shop(app: Flask, bakery: Record, florist: Record) -> None:
    with app.app_context(), transaction(PLATFORM):
        user_id = cast.staff_of(bakery, "owner").user_id
    assert user_id is not None
    inviter = inviting.Inviter(user_id, "Maria", "owner", True)

    def send(merchant: Record) -> None:
        shop = inviting.Shop(merchant.id, merchant.name, "en")
        with transaction(PLATFORM):
            inviting.invite(shop, new_address(), "Nikos", "cashier", inviter, utcnow())

    with app.test_request_context():
        for number in range(60):
            send(bakery if number % 2 else florist)
        with pytest.raises(TooMany):
            send(bakery)


@pytest.mark.parametrize("verb", ["", "/remove"])
def test_who_goes_or_gets_a_smaller_role_takes_their_invitations_along(
    app: Flask, bakery: Record, as_role: AsRole, client: FlaskClient, verb: str
) -> None:
    owner, theirs, mine = as_role(bakery, "owner"), new_address(), new_address()
    invite(as_role(bakery, "manager"), bakery, "cashier", theirs)
    invite(owner, bakery, "cashier", mine)
    manager_id = staff_id(app, bakery, "manager")
    role = {"role": "cashier"}
    assert owner.post(f"/console/{bakery.slug}/staff/{manager_id}{verb}", data=role).status_code == 303
    assert client.get(link_in(mails_to(app, theirs)[0])).status_code == 404
    assert client.get(link_in(mails_to(app, mine)[0])).status_code == 200


def test_the_last_owner_stays(app: Flask, bakery: Record, as_role: AsRole) -> None:
    owner, me = as_role(bakery, "owner"), staff_id(app, bakery, "owner")
    assert owner.post(f"/console/{bakery.slug}/staff/{me}/remove").status_code == 422
    assert owner.post(f"/console/{bakery.slug}/staff/{me}", data={"role": "cashier"}).status_code == 422
    assert owner.get(f"/console/{bakery.slug}/staff").status_code == 200


def test_two_owners_who_remove_each_other_leave_one(app: Flask, bakery: Record) -> None:
    with app.app_context(), transaction(PLATFORM):
        cast.staff_of(bakery, "manager").role = "owner"
    with app.app_context(), transaction(PLATFORM):
        query = select(Staff.id).where(Staff.merchant_id == bakery.id, Staff.role == "owner")
        owners = db.session.scalars(query).all()
    assert len(owners) == 2
    gate, refused = threading.Barrier(2), []

    def remove(leaving: uuid.UUID) -> None:
        with app.test_request_context():
            try:
                with transaction(PLATFORM):
                    gate.wait()
                    staff = roster.find(bakery.id, leaving)
                    assert staff is not None
                    roster.remove(staff, "owner", utcnow())
            except roster.LastOwner:
                refused.append(leaving)

    threads = [threading.Thread(target=remove, args=(owner,)) for owner in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1


def test_another_shops_people_do_not_exist(
    app: Flask, bakery: Record, florist: Record, as_role: AsRole
) -> None:
    owner, foreign = as_role(bakery, "owner"), staff_id(app, florist, "cashier")
    for verb in ("", "/remove", "/clear-pin"):
        assert (
            owner.post(f"/console/{bakery.slug}/staff/{foreign}{verb}", data={"role": "owner"}).status_code
            == 404
        )
    assert owner.get(f"/console/{florist.slug}/staff").status_code == 404


def test_a_cashier_without_an_address_has_a_pin(
    app: Flask, bakery: Record, florist: Record, as_role: AsRole
) -> None:
    owner = as_role(bakery, "owner")
    url = f"/console/{bakery.slug}/staff/cashiers"
    assert owner.post(url, data={"cashier-name": "Kostas", "cashier-pin": "12"}).status_code == 422
    assert owner.post(url, data={"cashier-name": "Kostas", "cashier-pin": "8264"}).status_code == 303
    with app.app_context(), transaction(PLATFORM):
        kostas = db.session.scalars(
            select(Staff).where(Staff.merchant_id == bakery.id, Staff.name == "Kostas")
        ).one()
    with app.test_request_context(), transaction(PLATFORM):
        found = verify_pin(bakery.id, kostas.id, "8264")
        assert found is not None
        assert found.id == kostas.id
        assert verify_pin(bakery.id, kostas.id, "8265") is None
        assert verify_pin(florist.id, kostas.id, "8264") is None
    promoted = owner.post(f"/console/{bakery.slug}/staff/{kostas.id}", data={"role": "owner"})
    assert promoted.status_code == 422
    assert owner.post(f"/console/{bakery.slug}/staff/{kostas.id}", data={"pin": "9375"}).status_code == 303
    with app.test_request_context(), transaction(PLATFORM):
        assert verify_pin(bakery.id, kostas.id, "9375") is not None
    assert owner.post(f"/console/{bakery.slug}/staff/{kostas.id}/clear-pin").status_code == 303
    with app.test_request_context(), transaction(PLATFORM):
        assert verify_pin(bakery.id, kostas.id, "9375") is None


def test_pins_are_throttled_before_they_are_hashed(
    app: Flask, bakery: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    cashier = staff_id(app, bakery, "cashier")
    with app.test_request_context(), transaction(PLATFORM):
        for _time in range(10):
            assert verify_pin(bakery.id, cashier, "0000") is None
        monkeypatch.setattr(passwords, "is_right", lambda hashed, secret: pytest.fail("hashed"))
        with pytest.raises(TooMany):
            verify_pin(bakery.id, cashier, "0000")


def test_proving_oneself_is_throttled_like_a_log_in(
    app: Flask, bakery: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser that was found open is no place to guess the password at; a session that is gone is asked too."""
    monkeypatch.setattr(passwords, "is_right", lambda _hashed, _secret: False)
    with app.test_request_context(), transaction(PLATFORM):
        owner = cast.staff_of(bakery, "owner").user_id
        assert owner is not None
        for _time in range(10):
            with pytest.raises(WrongPassword):
                proving.prove(owner, uuid.uuid4(), "a guess", "192.0.2.77", utcnow())
        with pytest.raises(TooMany):
            proving.prove(owner, uuid.uuid4(), "a guess", "192.0.2.77", utcnow())


def test_after_a_while_roles_are_given_and_taken_with_the_password_only(
    app: Flask, bakery: Record, as_role: AsRole
) -> None:
    """Whoever finds an owner's browser open invites no owner, gives nobody a role, and removes no owner."""
    owner, staff = as_role(bakery, "owner"), f"/console/{bakery.slug}/staff"
    cashier, manager = (f"{staff}/{staff_id(app, bakery, role)}" for role in ("cashier", "manager"))
    assert 'type="password"' not in owner.get(staff).text + owner.get(cashier).text
    with app.app_context(), transaction(PLATFORM):
        me = db.session.get_one(User, cast.staff_of(bakery, "owner").user_id)
        me.password_hash = passwords.hash_secret("a long password")
        before = utcnow() - proving.FRESH_FOR
        sessions = update(UserSession).where(UserSession.user_id == me.id)
        db.session.execute(sessions.values(created_at=before))
        cast.staff_of(bakery, "manager").role = "owner"
    guarded = [
        (f"{staff}/invitations", "invite-password", {"invite-role": "manager"}),
        (cashier, "password", {"role": "manager"}),
        (manager, "password", {"role": "cashier"}),
        (f"{manager}/remove", "removal-password", {}),
    ]
    known = {"invite-email": new_address(), "invite-name": "Nikos"}
    for address, field, form in guarded:
        page = owner.get(address.removesuffix("/invitations").removesuffix("/remove")).text
        assert f'name="{field}"' in page, address
        refused = owner.post(address, data={**known, **form, field: "another password"})
        assert refused.status_code == 422, address
        assert "That is not your present password." in refused.text
        assert "another password" not in refused.text
    assert owner.post(f"{manager}/remove").status_code == 422
    assert mails_to(app, known["invite-email"]) == []
    assert invite(owner, bakery, "cashier", new_address()) == 303
    assert owner.post(cashier, data={"role": "cashier", "pin": "4711"}).status_code == 303
    for address, field, form in guarded:
        assert owner.post(address, data={**known, **form, field: "a long password"}).status_code == 303
