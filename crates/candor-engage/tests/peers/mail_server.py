"""A mail server made of aiosmtpd that fails as the first part of the recipient says.

mail_server.py PORT plain|starttls|implicit FOLDER [CERTIFICATE KEY]
With a certificate it wants name and password: candor, secret.
"""

import asyncio
import logging
import pathlib
import ssl
import sys
import time
import warnings

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

AT_RECIPIENT = {
    "gone": "550 5.1.1 <gone@far.test> no such user",
    "refused": "550 not here",
    "later": "451 4.3.0 later",
    "slower": "450 4.7.1 slow down",
}
AT_MESSAGE = {
    "spam": "554 5.7.1 looks like spam",
    "large": "552 5.6.0 not like this",
    "busy": "451 4.3.2 busy",
}


class Handler:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = AT_RECIPIENT.get(address.split("@")[0])
        if answer is None:
            envelope.rcpt_tos.append(address)
            answer = "250 2.1.5 Ok"
        return answer

    async def handle_DATA(self, server, session, envelope):
        kind = envelope.rcpt_tos[0].split("@")[0]
        if kind == "hang":
            await asyncio.sleep(60)
        if kind in AT_MESSAGE:
            return AT_MESSAGE[kind]
        self.count += 1
        name = f"{time.time_ns()}-{self.count}"
        (self.folder / f"{name}.part").write_bytes(envelope.original_content)
        (self.folder / f"{name}.part").rename(self.folder / f"{name}.eml")
        return f"250 2.0.0 Ok: queued as QUEUE{self.count}"


def authenticate(server, session, envelope, mechanism, data):
    known = data.login == b"candor" and data.password == b"secret"
    return AuthResult(success=known, handled=False)


def main():
    # That a password may be asked for without encryption is the point of some tests.
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    port, mode, folder, *certificate = sys.argv[1:]
    settings = {}
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        settings["ssl_context" if mode == "implicit" else "tls_context"] = context
        settings.update(authenticator=authenticate, auth_required=True)
        settings["require_starttls"] = mode == "starttls"
        settings["auth_require_tls"] = mode == "starttls"
    controller = Controller(Handler(folder), hostname="127.0.0.1", port=int(port), **settings)
    controller.start()
    print("ready", flush=True)
    sys.stdin.read()


main()
