#!/bin/bash
# Last step of the image build: takes out what a node must not start or own by itself, sets modes.
set -euo pipefail

wants=/etc/systemd/system
rm -rf "$wants"/{timers,getty,sysinit}.target.wants
for unit in apache2 mariadb corosync corosync-qnetd corosync-qdevice pacemaker pcsd pcsd-ruby logd \
    e2scrub_reap icinga2; do
    rm -f "$wants/multi-user.target.wants/$unit.service"
done
systemctl mask -q systemd-logind.service getty.target console-getty.service systemd-udevd.service \
    systemd-remount-fs.service mysql.service
systemctl set-default -q multi-user.target
mkdir -p "$wants/pcsd.service.d"
# pcsd is slow to start and would take the processor from the cluster's own start
# of its workers (ten, unless told otherwise) each imports all of pcs, and none has much to do
# Debian 11's unit does not start the part of it that is in Ruby
cat > "$wants/pcsd.service.d/rehearsal.conf" << END
[Unit]
After=pacemaker.service pcsd-ruby.service
Requires=pcsd-ruby.service
[Service]
Environment=PCSD_WORKER_COUNT=1
END

chmod 0755 /usr/lib/neteye-rehearsal/*.{sh,py} /usr/lib/ocf/resource.d/neteye/Filesystem \
    /usr/sbin/fence_rehearsal
rm -f /etc/ssh/ssh_host_* /etc/corosync/corosync.conf /etc/corosync/authkey
rm -rf /var/lib/mysql
mkdir -p /var/lib/rpm /var/log/httpd /neteye/local/os/log /neteye/shared /etc/neteye-rehearsal
rpm --initdb
