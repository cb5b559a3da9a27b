"""Duo's Python library, driven a line of JSON at a time.

The first line of standard input says which client to make, each further one
names a call and its parameters; each is answered with a line.
"""

import hashlib
import json
import sys

import duo_client
from duo_client.auth_v1 import AuthV1


def make(spec):
    options = {"ca_certs": spec["ca_file"], "port": int(spec["port"])}
    kind = spec["kind"]
    if kind == "v1":
        client = AuthV1(spec["ikey"], spec["skey"], spec["host"], **options)
        client.auth_details = True
        return client
    if kind in ("sha512", "json"):
        options["digestmod"] = hashlib.sha512
    if kind == "json":
        options["sig_version"] = 4
    return duo_client.Auth(spec["ikey"], spec["skey"], spec["host"], **options)


def told(response):
    """The parts of a response the tests look at, under v2's names."""
    if not isinstance(response, dict):
        return {"result": response}
    return {
        "result": response.get("result", ""),
        "text": response.get("status_msg") or response.get("status", ""),
        "txid": response.get("txid", ""),
        "link": response.get("enroll_portal_url") or response.get("activation_url", ""),
        "user_id": response.get("user_id", ""),
        "activation_code": response.get("activation_code", ""),
    }


def call(client, name, params):
    old = isinstance(client, AuthV1)
    if name in ("ping", "check"):
        answer = getattr(client, name)()
        return {"result": "ok" if answer is True or answer["time"] > 0 else "not ok"}
    if name == "auth":
        params["async_txn"] = params.pop("async", "0") == "1"
        if old:
            params.pop("device", None)  # it has phone1 instead
    if name != "auth_status":
        return told(getattr(client, name)(**params))
    if old:
        complete, success, text = client.status(**params)
        waiting = not complete
    else:
        state = client.auth_status(**params)
        waiting, success, text = state["waiting"], state["success"], state["status_msg"]
    return {"result": "waiting" if waiting else "allow" if success else "deny", "text": text}


client = make(json.loads(sys.stdin.readline()))
for line in sys.stdin:
    request = json.loads(line)
    try:
        reply = call(client, request["call"], request["params"])
    except Exception as error:  # whatever the library raises is its answer
        reply = {"error": "%s: %s" % (type(error).__name__, error)}
    print(json.dumps(reply), flush=True)
