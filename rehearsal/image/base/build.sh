# Makes a minimal Debian what mmdebstrap makes of nothing; /mnt has what it is made of:
# apt.conf, dpkg.conf, packages, sources and other-suites (either may be empty), setup/, customize/.
set -eu
export APT_CONFIG=/mnt/apt.conf MMDEBSTRAP_APT_CONFIG=/mnt/apt.conf DEBIAN_FRONTEND=noninteractive
cp /mnt/dpkg.conf /etc/dpkg/dpkg.cfg.d/99rehearsal
# no package starts a service here
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 0755 /usr/sbin/policy-rc.d

if [ -s /mnt/sources ]; then
    rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
    # one-line sources and paragraphs have files of different names
    case $(head -n 1 /mnt/sources) in
        deb*) cp /mnt/sources /etc/apt/sources.list ;;
        *) cp /mnt/sources /etc/apt/sources.list.d/debian.sources ;;
    esac
fi
cp /mnt/other-suites /etc/apt/sources.list.d/other-suites.list
for hook in /mnt/setup/*; do
    test ! -e "$hook" || sh "$hook" ""
done

# Units and programs in one place, as mmdebstrap has it; images of Debian 11 may not be so. Its package
# usrmerge renames folders, which a layer of an image refuses.
if [ ! -L /bin ]; then
    loader=/usr$(readlink -f /lib*/ld-linux*.so.* | head -n 1)
    apart=""
    for at in bin sbin lib lib32 lib64 libx32; do
        if [ -d "/$at" ]; then apart="$apart $at"; fi
    done
    for at in $apart; do
        mkdir -p "/usr/$at"
        find "/usr/$at" -type l | while read -r link; do
            # it would lead to itself
            if [ "$(readlink -f "$link")" = "${link#/usr}" ]; then rm "$link"; fi
        done
        cp -an "/$at/." "/usr/$at/"
    done
    for at in $apart; do
        # the loader goes with them: programs are started by its copy
        "$loader" /usr/bin/rm -rf "/$at"
        "$loader" /usr/bin/ln -s "usr/$at" "/$at"
    done
fi

apt-get -q update
xargs apt-get -q -y install < /mnt/packages
for hook in /mnt/customize/*; do
    sh "$hook" ""
done

apt-get -q clean
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /usr/sbin/policy-rc.d
rm -f /var/lib/dbus/machine-id
echo uninitialized > /etc/machine-id
# what the image had of them before
sed -n 's/^path-exclude=//p' /mnt/dpkg.conf | while read -r pattern; do
    # shellcheck disable=SC2086 -- a pattern
    rm -rf $pattern
done
