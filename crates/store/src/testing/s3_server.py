"""Moto's S3 server, one request at a time, on a port that it chooses.

`moto_server` itself answers on several threads and looks at If-None-Match and
If-Match before it writes, without a lock: now and then two racers win. S3 does
not, so here a lock stands around it. Arguments name the headers that it is to
overlook, as servers do that know nothing of conditional writes. It ends with
the process that holds its standard input.
"""

import os
import sys
import threading

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    create_backend_app,
)
from werkzeug.serving import run_simple

moto = DomainDispatcherApplication(create_backend_app)
one_at_a_time = threading.Lock()
overlooked = ["HTTP_" + name.upper().replace("-", "_") for name in sys.argv[1:]]


def serve(environ, start_response):
    for name in overlooked:
        environ.pop(name, None)
    with one_at_a_time:
        return [b"".join(moto(environ, start_response))]


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
# The line "Running on http://127.0.0.1:PORT" goes to standard error.
run_simple("127.0.0.1", 0, serve, threaded=True)
