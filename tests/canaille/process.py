"""Canaille as a provider of people: `python process.py '{"hub": …}'`, in an environment of its own (see requirements.txt).

Writes its address. Then each line of its input is a command in JSON, answered by an empty line: {"hire": {"user_name", "name", "group"}},
{"move": [user name, group]}, {"lock": user name}, {"unlock": user name}, {"dismiss": user name}.
"""

import datetime
import json
import os
import sys
import threading
from typing import Any

import flask
from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import JWKRegistry
from werkzeug import serving

PASSWORD = "a-password-of-the-tests-only"
DIRECTORY_TOKEN = "directory"
NOW = datetime.datetime.now(datetime.UTC)


def configuration(address: str) -> dict[str, Any]:
    key = JWKRegistry.generate_key("RSA", 2048)
    key.ensure_kid()
    return {
        "SECRET_KEY": "of-the-tests-only",
        "SERVER_NAME": address,
        "PREFERRED_URL_SCHEME": "http",
        "WTF_CSRF_ENABLED": False,
        "CANAILLE": {"DATABASE": "memory", "JAVASCRIPT": False, "ACL": {"DEFAULT": {"PERMISSIONS": ["use_oidc"]}}},
        # Of a person, SCIM's externalId is the id here; so must be the claim that they sign in with.
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [key.as_dict(private=True)], "USERINFO_MAPPING": {"SUB": "{{ user.id }}"}},
        "CANAILLE_SCIM": {"ENABLE_CLIENT": True},
    }


def register_hub(hub: str, client_id: str, client_secret: str, directory_token: str) -> None:
    client = models.Client(
        client_id=client_id,
        client_secret=client_secret,
        client_name="Message Hub",
        client_uri=f"{hub}/scim/v2/",
        redirect_uris=[f"{hub}/auth/callback"],
        post_logout_redirect_uris=[f"{hub}/console/"],
        grant_types=["authorization_code"],
        response_types=["code"],
        scope=["openid", "profile", "email"],
        token_endpoint_auth_method="client_secret_basic",
        client_id_issued_at=NOW,
    )
    Backend.instance.save(client)
    # Canaille sends its own newest token for a client as the bearer token of its SCIM requests.
    token = models.Token(
        token_id=DIRECTORY_TOKEN,
        access_token=directory_token,
        refresh_token="none",
        subject=None,
        audience=[client],
        client=client,
        scope=["openid"],
        issue_date=NOW,
        lifetime=86_400,
    )
    Backend.instance.save(token)


def run(command: str, value: Any) -> None:
    backend = Backend.instance
    # Kept in memory, those of people count as tokens of the client too, and it would send one of them.
    for token in backend.query(models.Token):
        if token.token_id != DIRECTORY_TOKEN:
            backend.delete(token)
    if command == "hire":
        name = value["user_name"]
        user = models.User(
            user_name=name,
            formatted_name=value["name"],
            family_name=value["name"].split()[-1],
            emails=[f"{name}@example.org"],
            password=PASSWORD,
        )
        backend.save(user)
        join(user, value["group"])
    elif command == "move":
        join(backend.get(models.User, user_name=value[0]), value[1])
    else:
        user = backend.get(models.User, user_name=value)
        if command == "dismiss":
            backend.delete(user)
        else:
            user.lock_date = NOW if command == "lock" else None
            backend.save(user)


def join(user: Any, group_name: str) -> None:
    backend = Backend.instance
    group = backend.get(models.Group, display_name=group_name) or models.Group(display_name=group_name)
    group.members = [*(group.members or []), user]
    backend.save(group)


def answer(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    given = json.loads(sys.argv[1])
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    server = serving.make_server("127.0.0.1", 0, flask.Flask("later"), threaded=True)
    address = f"127.0.0.1:{server.port}"
    app = create_app(config=configuration(address), env_file="none")
    server.app = app
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with app.app_context():
        register_hub(**given)
        answer(f"http://{address}")
        for line in sys.stdin:
            ((command, value),) = json.loads(line).items()
            run(command, value)
            answer("")


main()
