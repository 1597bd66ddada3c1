"""A mail server for tests: takes mails on this machine, and tells what it took, parsed, as JSON lines.

    python3 smtp_server.py [PORT]

Prints its port, then a line for each mail. Ends when its standard input does. Addresses that begin
with `nobody` are refused for good, those with `later` for now; of those with `mute` the mail is taken
and nothing is answered.
"""

import asyncio
import base64
import json
import sys
import threading
from email import message_from_bytes, policy


def told(sender, recipients, data):
    """What a mail says, as its reader sees it."""
    mail = message_from_bytes(data, policy=policy.default)
    parts = []
    texts = {"text/plain": "", "text/html": ""}
    for part in mail.walk():
        if part.is_multipart():
            continue
        kind = part.get_content_type()
        if kind in texts and part.get_content_disposition() is None:
            texts[kind] = part.get_content()
            continue
        content = part.get_payload(decode=True)
        parts.append(
            {
                "type": kind,
                "name": part.get_filename(),
                "disposition": part.get_content_disposition(),
                "cid": part.get("Content-ID"),
                "base64": base64.b64encode(content).decode(),
            }
        )
    return {
        "envelope": [sender, recipients],
        "from": str(mail["From"]),
        "to": str(mail["To"]),
        "subject": str(mail["Subject"]),
        "id": str(mail["Message-ID"]),
        "date": str(mail["Date"]),
        "automatic": str(mail["Auto-Submitted"]),
        "structure": [part.get_content_type() for part in mail.walk()],
        "defects": [str(defect) for part in mail.walk() for defect in part.defects],
        "text": texts["text/plain"],
        "html": texts["text/html"],
        "parts": parts,
    }


async def data_of(reader):
    lines = []
    while True:
        line = await reader.readline()
        if line in (b".\r\n", b""):
            return b"".join(lines)
        lines.append(line[1:] if line.startswith(b"..") else line)


async def serve(reader, writer):
    async def say(text):
        writer.write(text.encode() + b"\r\n")
        await writer.drain()

    def address(line):
        return line.split("<", 1)[1].split(">", 1)[0]

    sender, recipients = None, []
    await say("220 test ESMTP")
    while line := (await reader.readline()).decode().strip():
        verb = line.upper()
        if verb.startswith("EHLO"):
            await say("250-test\r\n250-8BITMIME\r\n250 SMTPUTF8")
        elif verb.startswith("MAIL FROM:"):
            sender, recipients = address(line), []
            await say("250 ok")
        elif verb.startswith("RCPT TO:"):
            to = address(line)
            if to.startswith("nobody"):
                await say("550 5.1.1 no such user here")
            elif to.startswith("later"):
                await say("451 4.3.0 try again later")
            else:
                recipients.append(to)
                await say("250 ok")
        elif verb == "DATA" and recipients:
            await say("354 go on")
            data = await data_of(reader)
            print(json.dumps(told(sender, recipients, data)), flush=True)
            if not any(to.startswith("mute") for to in recipients):
                await say("250 2.0.0 taken")
        elif verb in ("RSET", "NOOP"):
            await say("250 ok")
        elif verb == "QUIT":
            await say("221 bye")
            break
        else:
            await say("503 not now")
    writer.close()


async def main():
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = await asyncio.start_server(serve, "127.0.0.1", port, limit=1 << 26)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def wait():
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=wait, daemon=True).start()
    await ended.wait()


asyncio.run(main())
