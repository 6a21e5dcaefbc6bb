"""A mail server for whoever may not be one: tests/doubles/smtp.py, which puts
what it takes into a Maildir, as real_postfix.py does."""
import mailbox
import os

from smtp import Smtp

OFFERED = ["250-mail.example.com", "250 STARTTLS"]


class PretendedMail:
    def __init__(self, identity, folder):
        self.folder = folder
        os.mkdir(self.path("mail"))
        self.server = Smtp(tls=identity, ehlo=OFFERED,
                           ehlo_tls=["250 mail.example.com"])
        self.server.mails = self        # it appends what it took
        self.port = self.server.port

    def __enter__(self):
        return self

    def __exit__(self, *more):
        self.server.__exit__(*more)

    def path(self, name):
        return os.path.join(self.folder, name)

    def append(self, mail):
        for who in mail.recipients:
            name = who.partition("@")[0]
            mailbox.Maildir(self.path("mail/" + name)).add(mail.text)
