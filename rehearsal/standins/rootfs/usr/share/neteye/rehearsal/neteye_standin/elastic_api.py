"""Answers of the stand-in for Elasticsearch's HTTP interface: view and request in, text out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from neteye_standin.elastic_state import CLUSTER_NAME, INDICES, View

Row = dict[str, str]
_NODE_COLUMNS = (
    "ip", "heap.percent", "ram.percent", "cpu", "load_1m", "load_5m", "load_15m",
    "node.role", "master", "name",
)  # fmt: skip


def answer(path: str, query: Mapping[str, str], view: View, name: str) -> tuple[int, str, str]:
    """HTTP status, content type and body for a GET of `path`."""
    path = path.rstrip("/") or "/"
    if path == "/":
        return _json(200, _root(view, name))
    if not view.has_master and path != "/_cat/health":
        kind = "master_not_discovered_exception"
        cause = {"type": kind, "reason": None}
        return _json(503, {"error": {"root_cause": [cause], **cause}, "status": 503})
    if path == "/_cluster/health":
        return _json(200, health(view))
    table = _TABLES.get(path)
    if table is None:
        reason = f"stand-in of a rehearsal has no {path}"
        return _json(400, {"error": {"type": "invalid_request", "reason": reason}, "status": 400})
    return _table(table(view), query)


def health(view: View) -> dict[str, Any]:
    """`_cluster/health`."""
    primaries = sum(s.primary and s.node is not None for s in view.shards)
    assigned = sum(s.node is not None for s in view.shards)
    total = assigned + view.unassigned
    return {
        "cluster_name": CLUSTER_NAME,
        "status": view.status,
        "timed_out": False,
        "number_of_nodes": len(view.alive),
        "number_of_data_nodes": sum(not m.voting_only for m in view.alive),
        "active_primary_shards": primaries,
        "active_shards": assigned,
        "relocating_shards": view.relocating,
        "initializing_shards": 0,
        "unassigned_shards": view.unassigned,
        "delayed_unassigned_shards": 0,
        "number_of_pending_tasks": 0,
        "number_of_in_flight_fetch": 0,
        "task_max_waiting_in_queue_millis": 0,
        "active_shards_percent_as_number": round(100.0 * assigned / total, 1) if total else 100.0,
    }


def _root(view: View, name: str) -> dict[str, Any]:
    version = next((m.version for m in view.members if m.name == name), None)
    return {
        "name": name,
        "cluster_name": CLUSTER_NAME,
        "version": {"number": version, "build_flavor": "rehearsal-stand-in"},
        "tagline": "Stand-in of a rehearsal cluster",
    }


def _cat_nodes(view: View) -> list[Row]:
    rows = []
    for member in view.alive:
        values = (member.address, "25", "60", "3", "0.10", "0.10", "0.10", member.roles)
        star = "*" if member is view.master else "-"
        row = dict(zip(_NODE_COLUMNS, (*values, star, member.name)))
        rows.append({**row, "version": member.version or ""})
    return rows


def _cat_shards(view: View) -> list[Row]:
    rows: list[Row] = []
    for shard in view.shards:
        there = shard.node is not None
        rows.append(
            {
                "index": shard.index,
                "shard": str(shard.number),
                "prirep": "p" if shard.primary else "r",
                "state": "STARTED" if there else "UNASSIGNED",
                "docs": "100" if there else "",
                "store": "20kb" if there else "",
                "ip": shard.node.address if shard.node else "",
                "node": shard.node.name if shard.node else "",
            }
        )
    return rows


def _cat_indices(view: View) -> list[Row]:
    rows: list[Row] = []
    for index, count in INDICES.items():
        shards = [s for s in view.shards if s.index == index]
        lost = [s for s in shards if s.node is None]
        state = "red" if any(s.primary for s in lost) else "yellow" if lost else "green"
        rows.append(
            {
                "health": state,
                "status": "open",
                "index": index,
                "uuid": f"rehearsal{len(index):013d}",
                "pri": str(count),
                "rep": str(len(shards) // count - 1),
                "docs.count": str(100 * count),
                "docs.deleted": "0",
                "store.size": f"{20 * len(shards)}kb",
                "pri.store.size": f"{20 * count}kb",
            }
        )
    return rows


def _cat_health(view: View) -> list[Row]:
    found = health(view)
    return [
        {
            "cluster": CLUSTER_NAME,
            "status": found["status"],
            "node.total": str(found["number_of_nodes"]),
            "node.data": str(found["number_of_data_nodes"]),
            "shards": str(found["active_shards"]),
            "pri": str(found["active_primary_shards"]),
            "relo": str(found["relocating_shards"]),
            "init": "0",
            "unassign": str(found["unassigned_shards"]),
        }
    ]


_TABLES: dict[str, Callable[[View], list[Row]]] = {
    "/_cat/nodes": _cat_nodes,
    "/_cat/shards": _cat_shards,
    "/_cat/indices": _cat_indices,
    "/_cat/health": _cat_health,
}
_HIDDEN = ("version",)  # shown only when asked for by `h=`


def _table(rows: list[Row], query: Mapping[str, str]) -> tuple[int, str, str]:
    wanted = [name for name in query.get("h", "").split(",") if name]
    columns = wanted or [name for name in (rows[0] if rows else {}) if name not in _HIDDEN]
    cut = [{name: row.get(name, "") for name in columns} for row in rows]
    if query.get("format") == "json":
        return _json(200, [{k: v or None for k, v in row.items()} for row in cut])
    lines = [list(row.values()) for row in cut]
    if "v" in query:
        lines.insert(0, columns)
    widths = [max((len(line[i]) for line in lines), default=0) for i in range(len(columns))]
    text = "".join(
        " ".join(f"{cell:<{width}}" for cell, width in zip(line, widths)).rstrip() + "\n"
        for line in lines
    )
    return 200, "text/plain; charset=UTF-8", text


def _json(status: int, value: object) -> tuple[int, str, str]:
    return status, "application/json; charset=UTF-8", json.dumps(value) + "\n"
