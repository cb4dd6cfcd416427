"""Questions every NetEye 4 node answers, whatever its version and modules."""

from __future__ import annotations

from engine.model.answer import Answer
from engine.model.definition import ClusterDefinition
from engine.model.drbd import DrbdResource
from engine.model.host import ElasticState, HealthResult, Version
from engine.model.query import Query, in_login_shell, of_text
from engine.parse.drbd import parse_drbdsetup
from engine.parse.health import parse_cat_nodes, parse_cluster_health, parse_health
from engine.parse.machine import parse_neteye_release
from engine.parse.neteye_cluster import parse_neteye_cluster

CLUSTER_FILE = "/etc/neteye-cluster"

DEFINITION: Query[ClusterDefinition] = Query(
    name=CLUSTER_FILE,
    argv=("cat", CLUSTER_FILE),
    parse=of_text(parse_neteye_cluster),
)

VERSION: Query[Version] = Query(
    name="/etc/neteye-release",
    argv=("cat", "/etc/neteye-release"),
    parse=of_text(parse_neteye_release),
)

DRBD: Query[tuple[DrbdResource, ...]] = Query(
    name="DRBD",
    argv=("drbdsetup", "status", "--json"),
    parse=of_text(parse_drbdsetup),
)

# the codes of a monitoring plugin (domain facts 2.3); DNF0 lives in the login environment
DEEP_HEALTH: Query[HealthResult] = Query(
    name="neteye health deep",
    argv=in_login_shell("neteye", "health", "deep"),
    parse=lambda answer: parse_health(answer.code, answer.text),
    ok_codes=(0, 1, 2, 3),
    deadline=600.0,
)

_ES = """
for tool in /usr/share/neteye/elasticsearch/scripts/es_curl.sh \
            /usr/share/neteye/elasticsearch/scripts/es_neteye_curl.sh; do
  if [ -x "$tool" ]; then
    base=https://elasticsearch.neteyelocal:9200
    # no --fail: an error's own text is what helps; the parser refuses it as an answer
    "$tool" -s -S --max-time 30 "$base/_cluster/health" | tr -d '\\r\\n'
    echo
    exec "$tool" -s -S --max-time 30 "$base/_cat/nodes?format=json&h=name"
  fi
done
exit 44
"""


def _parse_elastic(answer: Answer) -> ElasticState | None:
    if answer.code == 44:
        return None
    health, _, nodes = answer.text.strip().partition("\n")
    return ElasticState(parse_cluster_health(health), parse_cat_nodes(nodes))


ELASTIC: Query[ElasticState | None] = Query(
    name="Elasticsearch",
    argv=("sh", "-c", _ES.strip(), "elasticsearch"),
    parse=_parse_elastic,
    ok_codes=(0, 44),
    deadline=90.0,
)
"""None: no tool of the vendor for Elasticsearch is installed, which is an answer."""
