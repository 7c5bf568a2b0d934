"""Makes or upgrades Superset's metadata and brings the dashboards of superset/bundle in. Safe to run again and again.

One process instead of three commands of Superset's own: they take twice as long, and the one that imports overwrites
dashboards only, not the charts on them. Last line: what was done (src/local/superset.ts reads it).
"""

import io
import json
import os
import sys
from pathlib import Path
from zipfile import ZipFile

import yaml

ROOT = "third-umpire"
PLACEHOLDER = "duckdb:////warehouse/pub/current/cricket.duckdb"


def bundle(folder: Path, warehouse: str) -> io.BytesIO:
    """The bundle as an archive, its database pointed at the snapshot of this machine."""
    archive = io.BytesIO()
    with ZipFile(archive, "w") as target:
        for path in sorted(folder.rglob("*.yaml")):
            text = path.read_text("utf-8")
            if path.parent.name == "databases":
                if PLACEHOLDER not in text:
                    sys.exit(f"{path} does not name {PLACEHOLDER}")
                # A folder may hold characters that mean something in an address, or in YAML: every JSON text is one of YAML's.
                address = "duckdb:///" + warehouse.replace("%", "%25").replace("?", "%3F")
                text = text.replace(PLACEHOLDER, json.dumps(address))
            target.writestr(f"{ROOT}/{path.relative_to(folder)}", text)
    archive.seek(0)
    return archive


def main() -> None:
    import superset
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        from flask_migrate import upgrade
        from superset import db
        from superset.commands.importers.v1.assets import ImportAssetsCommand
        from superset.commands.importers.v1.utils import get_contents_from_bundle
        from superset.extensions import appbuilder, security_manager
        from superset.models.dashboard import Dashboard
        from superset.utils.core import override_user

        upgrade(directory=str(Path(superset.__file__).parent / "migrations"))
        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        name = os.environ["SUPERSET_ADMIN"]
        admin = security_manager.find_user(username=name)
        is_new = not admin
        if is_new:
            password = (Path(os.environ["SUPERSET_HOME"]) / "admin_password").read_text().strip()
            role = security_manager.find_role("Admin")
            admin = security_manager.add_user(name, "Third", "Umpire", "admin@localhost", role, password=password)
            if not admin:
                sys.exit("the administrator could not be made")
        folder = Path(os.environ["SUPERSET_BUNDLE"])
        with override_user(admin), ZipFile(bundle(folder, os.environ["SUPERSET_WAREHOUSE"])) as archive:
            ImportAssetsCommand(get_contents_from_bundle(archive)).run()
        uuids = [yaml.safe_load(path.read_text("utf-8"))["uuid"] for path in (folder / "dashboards").glob("*.yaml")]
        public = security_manager.find_role("Public")
        dashboards = db.session.query(Dashboard).filter(Dashboard.uuid.in_(uuids)).all()
        for dashboard in dashboards:
            if public not in dashboard.roles:
                dashboard.roles.append(public)
        db.session.commit()
        if len(dashboards) != len(uuids):
            sys.exit(f"{len(uuids)} dashboards were imported and {len(dashboards)} are there")
        print(f"prepared: admin {'made' if is_new else 'there'}, {len(dashboards)} dashboards", flush=True)


if __name__ == "__main__":
    main()
