"""A YP directory as dir.xiph.org's is one, strict where that one is lenient.

Takes what Icecast's yp.c sends, by POST to /cgi-bin/yp-cgi, and nothing else.
GET / tells the entries, and all that has been asked, as JSON. Its argument is its port.
"""

import json
import sys
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

FIELDS = {
    "add": ["sn", "genre", "cpswd", "desc", "url", "listenurl", "type", "stype", "b"],
    "touch": ["sid", "st", "listeners", "max_listeners", "stype"],
    "remove": ["sid"],
}
# Icecast appends what its source has said of its audio.
AUDIO_INFO = {"samplerate", "channels", "quality", "bitrate"}
NUMBERS = ["b", "samplerate", "channels", "listeners", "max_listeners"]
DEFAULT_NAMES = ["", "Unspecified name", "This is my server name", "Stream Name"]
UNKNOWN = "SID does not exist. Check your firewall and icecast 'hostname' setting."

entries = {}
asked = []


class Refused(Exception):
    """Why something is not done."""


def read(headers, body):
    if headers.get_all("Content-Type") != ["application/x-www-form-urlencoded"]:
        raise Refused("Content-Type")
    pairs = parse_qsl(body.decode("ascii"), True, True, "utf-8", "strict")
    form = dict(pairs)
    if len(form) != len(pairs) or pairs[0][0] != "action":
        raise Refused("Fields stand twice, or action is not the first")
    names = [name for name, _ in pairs[1:] if name not in AUDIO_INFO]
    if names != FIELDS.get(form["action"]):
        raise Refused("Not enough arguments, or too many")
    if any(not form[name].isdigit() for name in NUMBERS if name in form):
        raise Refused("Not a number")
    return form


def add(form):
    url = urlsplit(form["listenurl"])
    # A host has a name that others can resolve.
    if url.scheme not in ("http", "https") or "." not in (url.hostname or ""):
        raise Refused("Could not parse listen_url")
    if form["sn"] in DEFAULT_NAMES or "/" not in form["type"]:
        raise Refused("Default stream name detected")
    if any(entry["listenurl"] == form["listenurl"] for entry in entries.values()):
        raise Refused("Stream already exists")
    sid = str(uuid.uuid4())
    entries[sid] = form
    return {"YPMessage": "Successfully Added", "SID": sid, "TouchFreq": "200"}


def touch(form):
    if form["sid"] not in entries:
        raise Refused(UNKNOWN)
    entries[form["sid"]] |= form
    return {"YPMessage": "Successfully touched"}


def remove(form):
    if entries.pop(form["sid"], None) is None:
        raise Refused("Could not find database entry")
    return {"YPMessage": "Successfully removed"}


class Directory(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            if self.path != "/cgi-bin/yp-cgi":
                raise Refused("There is no such page")
            form = read(self.headers, body)
            answer = {"add": add, "touch": touch, "remove": remove}[form["action"]](form)
            asked.append(form["action"])
            answer["YPResponse"] = "1"
        except (Refused, ValueError) as reason:
            asked.append(f"refused: {reason}")
            answer = {"YPResponse": "0", "YPMessage": str(reason), "SID": "-1"}
        self.answer(b"", answer)

    def do_GET(self):
        told = {"entries": list(entries.values()), "asked": asked}
        self.answer(json.dumps(told).encode(), {"Content-Type": "application/json"})

    def answer(self, body, headers):
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Directory).serve_forever()
