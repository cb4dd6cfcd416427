# the console's schema without the console (it would bring PHP)
set -eu
mkdir "$1/tmp/ocs"
cd "$1/tmp/ocs"
export APT_CONFIG=$MMDEBSTRAP_APT_CONFIG
apt-get -q -o APT::Sandbox::User=root download ocsinventory-reports/bookworm
dpkg-deb -x ocsinventory-reports_*.deb unpacked
mkdir -p "$1/usr/share/ocsinventory-reports"
cp -r unpacked/usr/share/ocsinventory-reports/files "$1/usr/share/ocsinventory-reports/"
cd /
rm -rf "$1/tmp/ocs"
