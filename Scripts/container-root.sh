#!/bin/sh
# Makes the root directory of the container's image: the command, the libraries it needs, directories for models and events, a user.
#
#     Scripts/container-root.sh ARCHIVE DIRECTORY      (ARCHIVE: foldin-VERSION-linux-….tar.gz of Scripts/release.sh)
#
# The Containerfile runs it in its first stage. It needs tar and the C library of Debian 12 or later.
set -eu
archive=$1 root=$2
mkdir -p "$root/usr/bin" "$root/usr/share/doc" "$root/etc" "$root/models" "$root/events" "$root/tmp" "$root/proc"
unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT
tar -xzf "$archive" -C "$unpacked" --strip-components=1
cp "$unpacked/bin/foldin" "$root/usr/bin/"
cp -R "$unpacked/share/doc/foldin" "$root/usr/share/doc/"

# Each library under the path by which the loader finds it, and the loader.
ldd "$root/usr/bin/foldin" | sed -nE 's/.* => (\/[^ ]+) .*/\1/p; s/^[[:space:]]*(\/[^ ]+) \(.*/\1/p' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
    # The licence of the library's package.
    package=$(dpkg-query --search "$(realpath "$library")" 2> /dev/null | head -n 1 | cut -d: -f1)
    if [ -n "$package" ] && [ -e "/usr/share/doc/$package/copyright" ]; then
        mkdir -p "$root/usr/share/doc/$package"
        cp -L "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/"
    fi
done
echo 'foldin:x:65532:65532:Foldin:/:/usr/bin/foldin' > "$root/etc/passwd"
echo 'foldin:x:65532:' > "$root/etc/group"
chmod 1777 "$root/tmp"
chown 65532:65532 "$root/models" "$root/events" 2> /dev/null || true
