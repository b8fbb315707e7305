"""The recipe that Mixpanel documents for Pub/Sub, as a threaded WSGI server."""
import base64
import gzip
import os

import requests
from flask import Flask, request
from werkzeug.serving import WSGIRequestHandler, make_server

URL = os.environ["MIXPANEL_URL"] + "/import?strict=1"
HEADERS = {"content-type": "application/x-ndjson", "content-encoding": "gzip"}

app = Flask(__name__)


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


@app.post("/push")
def push():
    data = base64.b64decode(request.get_json(force=True)["message"]["data"])
    answer = requests.post(URL, auth=("token", ""), data=gzip.compress(data), headers=HEADERS)
    if answer.status_code == 429 or answer.status_code >= 500:
        return "", 503
    return "", 204


server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
print(f'{{"port":{server.server_port}}}', flush=True)
server.serve_forever()
