"""Does with Python requests what the tests do with this package; cases come in as JSON, results go out as JSON."""
import base64
import json
import sys

import requests

request = json.load(sys.stdin)
results = []

for case in request.get("exchanges", []):
    session = requests.Session()
    session.trust_env = False
    kwargs = dict(case["kwargs"])
    if "auth" in kwargs:
        kwargs["auth"] = tuple(kwargs["auth"])
    if "digest" in kwargs:
        kwargs["auth"] = requests.auth.HTTPDigestAuth(*kwargs.pop("digest"))
    response = session.request(case["method"], request["base"] + case["path"], timeout=20, **kwargs)
    results.append({
        "status": response.status_code,
        "reason": response.reason,
        "url": response.url,
        "ok": response.ok,
        "history": [[r.status_code, r.url] for r in response.history],
        "encoding": response.encoding,
        "body": base64.b64encode(response.content).decode(),
        "text": response.text,
        "cookies": session.cookies.get_dict(),
        "links": {key: value["url"] for key, value in response.links.items()},
    })

for case in request.get("multipart", []):
    files = [(name, tuple(base64.b64decode(v[1]) if i == 1 else (dict(p) if i == 3 else p) for i, p in enumerate(v))) for name, v in case["files"]]
    prepared = requests.Request("POST", "http://h/", data=case["data"], files=files).prepare()
    results.append({"type": prepared.headers["Content-Type"], "length": prepared.headers["Content-Length"], "body": base64.b64encode(prepared.body).decode()})

for case in request.get("prepare", []):
    prepared = requests.Request(case["method"], case["url"], params=case.get("params"), data=case.get("data")).prepare()
    body = prepared.body
    results.append({"url": prepared.url, "body": body if isinstance(body, (str, type(None))) else body.decode(), "type": prepared.headers.get("Content-Type")})

for old, new in request.get("strip", []):
    results.append(requests.Session().should_strip_auth(old, new))

json.dump(results, sys.stdout)
