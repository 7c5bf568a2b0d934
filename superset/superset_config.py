"""Superset as this project runs it: one machine, loopback only, everybody may look, one administrator may edit.

Read through SUPERSET_CONFIG_PATH; what differs from machine to machine comes from the environment
(src/local/superset.ts). Nothing here is secret: keys are files of the state folder.
"""

import os
import re
from pathlib import Path

from flask import Flask, Response, jsonify, request
from flask_login import current_user

home = Path(os.environ["SUPERSET_HOME"])

SECRET_KEY = (home / "secret_key").read_text().strip()
GUEST_TOKEN_JWT_SECRET = (home / "guest_secret").read_text().strip()
SQLALCHEMY_DATABASE_URI = f"sqlite:///{home}/superset.db?check_same_thread=false"

APP_NAME = "Third Umpire"

# Who looks: anybody, the dashboards that bootstrap.py gives to the role Public, and nothing else. Who edits: the login.
AUTH_ROLE_PUBLIC = "Public"
PUBLIC_ROLE_LIKE = "Public"
AUTH_USER_REGISTRATION = False
FEATURE_FLAGS = {"DASHBOARD_RBAC": True, "ALERT_REPORTS": False}

# Charts show the newest snapshot: nothing is kept, and a dashboard that refreshes itself asks again for everything.
CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
DASHBOARD_AUTO_REFRESH_MODE = "force"
DASHBOARD_AUTO_REFRESH_INTERVALS = [[0, "Off"], [5, "5 seconds"], [10, "10 seconds"], [30, "30 seconds"], [60, "1 minute"]]

WTF_CSRF_ENABLED = True
PREVENT_UNSAFE_DB_CONNECTIONS = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = False  # plain http on the loopback address
RATELIMIT_ENABLED = True
RATELIMIT_STORAGE_URI = "memory://"
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "frame-ancestors": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}


def FLASK_APP_MUTATOR(app: Flask) -> None:  # noqa: N802: Superset's name
    """A page that is left saves the colours of its labels. A visitor may not, and would be sent to the login for it."""

    @app.before_request
    def drop_colours_of_visitors() -> Response | None:
        is_colours = request.method == "PUT" and re.fullmatch(r"/api/v1/dashboard/\d+/colors", request.path)
        return jsonify({"result": {}}) if is_colours and not current_user.is_authenticated else None
