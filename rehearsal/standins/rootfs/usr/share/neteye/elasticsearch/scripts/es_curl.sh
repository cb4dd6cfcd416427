#!/bin/sh
# Stand-in of a rehearsal cluster for NetEye's es_curl.sh; not NetEye.
# curl as Elasticsearch's administrator; all arguments are curl's.
certs=/neteye/local/elasticsearch/conf/certs
exec curl --cacert "$certs/root-ca.crt" --cert "$certs/admin.crt.pem" --key "$certs/private/admin.key.pem" "$@"
