"""A back end of URL authentication, as radio stations have theirs in PHP: it
reads the form, decides, and says so in a header. Each request is a line of JSON
on stdout; the first line is the port."""

import http.server
import json
import sys
import threading
import urllib.parse

HANGING = threading.Event()

# What listeners with a token in the query are told: the status and the headers.
TOKENS = {
    "ok": (200, [("Icecast-Auth-User", "1")]),
    "shouting": (200, [("ICECAST-AUTH-USER", "1")]),
    "forbidden-but-yes": (403, [("icecast-auth-user", "1")]),
    "limit": (200, [("icecast-auth-user", "1"), ("Icecast-Auth-TimeLimit", "2")]),
    "message": (200, [("icecast-auth-message", "Pay first")]),
    "ten": (200, [("icecast-auth-user", "10")]),
    "zero": (200, [("icecast-auth-user", "0")]),
    "other": (200, [("x-icecast-auth-user", "1")]),
    "redirect": (302, [("Location", "/yes")]),
    "error": (500, [("icecast-auth-user", "1")]),
}
LISTENERS = {"fred": "s3cret"}
SOURCES = {"dj": "mic"}


def decide(form):
    action, user, password = form["action"], form.get("user"), form.get("pass")
    if action == "stream_auth":
        known = SOURCES
    elif action == "listener_add":
        query = urllib.parse.urlsplit(form["mount"]).query
        token = urllib.parse.parse_qs(query).get("token", [""])[0]
        if token == "slow":
            HANGING.wait()
        if token in TOKENS:
            return TOKENS[token]
        known = LISTENERS
    else:
        return 200, []
    yes = user in known and known[user] == password
    return 200, [("icecast-auth-user", "1")] if yes else []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode("ascii")
        fields = urllib.parse.parse_qsl(
            body, keep_blank_values=True, strict_parsing=True, errors="replace"
        )
        form = dict(fields)
        assert len(form) == len(fields), body
        seen = {"path": self.path, "authorization": self.headers["Authorization"], "form": form}
        with LOCK:
            print(json.dumps(seen), flush=True)
        self.answer(*decide(form))

    def do_GET(self):
        with LOCK:
            print(json.dumps({"path": self.path, "authorization": None, "form": {}}), flush=True)
        self.answer(200, [("icecast-auth-user", "1")])

    def answer(self, status, headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"<html>thank you</html>")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_):
        pass


LOCK = threading.Lock()
server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
server.serve_forever()
