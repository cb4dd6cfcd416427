"""Which services are asked, and on which ways."""

from __future__ import annotations

from engine.model.probe import Manner, Probes, Service, Target, Way
from engine.probing.watch import targets_of

WEB = ((Manner.HTTPS, 443), (Manner.HTTP, 80))
SERVICES = (
    Service("address", ((Manner.ADDRESS, 443),)),
    Service("httpd", WEB),
    Service("MariaDB", ((Manner.DATABASE, 0),)),
    Service("Elasticsearch", ((Manner.TLS, 9200),), host="es.local"),
)
WHERE = {"address": "192.0.2.10", "name": "neteye.example.test", "active": "n1"}


def ways(name: str, probes: Probes | None = None) -> list[str]:
    targets = targets_of(SERVICES, probes or Probes(), **WHERE)
    return [str(way) for target in targets if target.name == name for way in target.ways]


def test_a_service_of_the_cluster_is_asked_directly_then_through_n() -> None:
    assert ways("httpd") == [
        "https://192.0.2.10:443/",
        "http://192.0.2.10:80/",
        "https://192.0.2.10:443/ through n1",
        "http://192.0.2.10:80/ through n1",
    ]
    by_name = targets_of(SERVICES, Probes(), **WHERE)[1].ways[0]
    assert by_name.name == "neteye.example.test"


def test_whose_the_address_is_can_be_told_directly_only() -> None:
    assert ways("address") == ["address://192.0.2.10:443"]


def test_a_name_that_only_nodes_know_is_asked_through_n() -> None:
    assert ways("Elasticsearch") == ["tls://es.local:9200 through n1"]
    assert ways("MariaDB") == ["database on n1"]


def test_the_inventorys_own_takes_the_place_of_one_of_that_name() -> None:
    own = Target("httpd", (Way(Manner.HTTP, "h", 81),))
    more = Target("grafana", (Way(Manner.HTTP, "g", 82),))
    probes = Probes(targets=(more, own))
    assert [t.name for t in targets_of(SERVICES, probes, **WHERE)] == [
        *("address", "httpd", "MariaDB", "Elasticsearch", "grafana"),
    ]
    assert ways("httpd", probes) == ["http://h:81/"]


def test_none_when_none_is_wanted() -> None:
    assert targets_of(SERVICES, Probes(wanted=False), **WHERE) == ()
