"""Mail over a real socket: STARTTLS is asked for before a password, and nothing is said in clear without it."""

from __future__ import annotations

import socketserver
import threading
from email.message import EmailMessage

import pytest

from saas.web import mail


class Server(socketserver.StreamRequestHandler):
    """An SMTP server that says what it heard; offers STARTTLS only after EHLO, and can't really do it."""

    offers = True
    heard: list[str]

    def handle(self) -> None:
        self.say("220 here")
        for line in self.rfile:
            command = line.decode().strip()
            type(self).heard.append(command)
            verb = command.upper().split(" ")[0]
            if verb == "EHLO":
                self.say("250-here\r\n250 STARTTLS" if type(self).offers else "250 here")
            elif verb == "STARTTLS":
                self.say("454 not now")
            elif verb == "DATA":
                self.say("354 go on")
                for text in self.rfile:
                    type(self).heard.append(text.decode().strip())
                    if text.strip() == b".":
                        break
                self.say("250 kept")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@pytest.fixture
def smtp():
    class Handler(Server):
        pass

    Handler.heard = []
    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Handler, server.server_address[1]
        server.shutdown()
        thread.join()


def message() -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "shop@regulars.example", "eleni@example.org", "Γειά"
    made.set_content("Your link")
    return made


def test_a_plain_server_without_a_password_gets_the_mail(smtp):
    handler, port = smtp
    handler.offers = False
    mail.deliver(f"smtp://127.0.0.1:{port}", message())
    assert "Your link" in handler.heard
    assert "rcpt TO:<eleni@example.org>" in handler.heard


def test_starttls_is_used_where_it_is_offered(smtp):
    handler, port = smtp
    with pytest.raises(Exception, match="not now"):
        mail.deliver(f"smtp://127.0.0.1:{port}", message())
    assert "STARTTLS" in handler.heard
    assert not any(line.lower().startswith("mail") for line in handler.heard)


def test_a_password_never_goes_over_an_open_line(smtp):
    handler, port = smtp
    handler.offers = False
    with pytest.raises(Exception, match="STARTTLS"):
        mail.deliver(f"smtp://me:secret@127.0.0.1:{port}", message())
    assert not any(line.lower().startswith(("auth", "mail")) for line in handler.heard)
