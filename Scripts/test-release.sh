#!/bin/bash
# Installs a release on bare Debian 12 and 13 as a user would, uses it, and removes it: the package, the archive, and the root of the
# container's image. Prints one line per check, then the counts.
#
#     sudo Scripts/test-release.sh [DIST [SUITE...]]      (by default dist, bookworm trixie)
#
# Needs root, for debootstrap and chroot, and the Debian packages debootstrap, curl and man-db. The roots are made once, by the mirror in
# apt's sources, and kept in .build-release/roots; the checks use copies. From a file to ten recommendations, and to the service's page, may
# take 60 seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8
fail() {
    echo "test-release.sh: found $1; expected $2" >&2
    exit 1
}
[ "$(id -u)" = 0 ] || fail "the user $(id -un)" "root: sudo Scripts/test-release.sh"
for program in debootstrap chroot unshare curl man ldd; do
    command -v "$program" > /dev/null || fail "no '$program'" "it to be installed (Debian: debootstrap coreutils util-linux curl man-db)"
done
# A mount namespace of its own: what is mounted in the roots goes with it.
if [ -z "${FOLDIN_UNSHARED:-}" ]; then FOLDIN_UNSHARED=1 exec unshare --mount --propagation private "$0" "$@"; fi

dist=$(realpath "${1:-dist}")
shift || true
suites=("$@")
[ ${#suites[@]} -gt 0 ] || suites=(bookworm trixie)
package=$(find "$dist" -maxdepth 1 -name 'foldin_*.deb' | head -n 1)
archive=$(find "$dist" -maxdepth 1 -name "foldin-*-linux-$(uname -m).tar.gz" | head -n 1)
if [ -z "$package" ] || [ -z "$archive" ]; then fail "no package or archive in $dist" "those of Scripts/release.sh"; fi
roots=$PWD/.build-release/roots
mkdir -p "$roots"
port=18080 service=
place=$(mktemp -d)
cleanup() {
    [ -z "$service" ] || kill "$service" 2> /dev/null || true
    umount -R "$place"/*/proc "$place"/*/dev 2> /dev/null || true
    rm -rf --one-file-system "$place"
}
trap cleanup EXIT

. Scripts/checks.sh

# root SUITE NAME: a new bare system; its directory is in $root.
root() {
    local suite=$1 mirror
    if [ ! -e "$roots/$suite.tar" ]; then
        # shellcheck disable=SC2016 # $(REPO_URI) is apt's
        mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
        [ -n "$mirror" ] || fail "no mirror in apt's sources" "one of Debian"
        echo "making a bare $suite"
        debootstrap --variant=minbase "$suite" "$roots/$suite.part" "$mirror" > "$roots/$suite.log" 2>&1 \
            || fail "$(tail -n 1 "$roots/$suite.log")" "a root by debootstrap; see $roots/$suite.log"
        tar --create --directory "$roots/$suite.part" --file "$roots/$suite.tar.part" .
        rm -rf --one-file-system "$roots/$suite.part"
        mv "$roots/$suite.tar.part" "$roots/$suite.tar"
    fi
    root=$place/$2
    mkdir "$root"
    tar --extract --directory "$root" --file "$roots/$suite.tar"
    mount -t proc proc "$root/proc"
    mount --bind /dev "$root/dev"
    # Name resolution and apt's settings, such as a proxy, are those of this machine.
    if [ -e /etc/resolv.conf ]; then cp -L /etc/resolv.conf "$root/etc/resolv.conf"; fi
    cp -L /etc/hosts "$root/etc/hosts"
    apt-config dump | grep '^Acquire::.*Proxy' > "$root/etc/apt/apt.conf.d/99proxy" || rm "$root/etc/apt/apt.conf.d/99proxy"
}
within() { chroot "$root" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
# All files but caches, logs and what apt and dpkg keep of every package.
files() { (cd "$root" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./tmp -o -path ./var/cache -o -path ./var/log -o -path ./var/lib/apt -o -path ./var/lib/dpkg \) -prune -o -print | sort); }

# commands FOLDIN: from made ratings to ten recommendations.
commands() {
    local foldin=$1
    within sh -euc "
        cd /tmp
        $foldin datasets make --users 2000 --items 500 --mean-interactions 30 --out ratings.csv
        $foldin prepare ratings.csv --rating-above 3.5 --held-out-users 200 --out data
        $foldin train data --preset fast --epochs 5 --out run
        $foldin evaluate run data --on test
        $foldin recommend run --history \$(head -n 3 data/unique_sid.txt | paste -sd,) --top 10 > ten
        test \$(grep -c . ten) -ge 10"
}

# ready: waits up to ten seconds for the service.
ready() {
    local try
    for ((try = 0; try < 200; try++)); do
        curl -sf "http://127.0.0.1:$port/health/ready" > /dev/null && break
        sleep 0.05
    done
}

# page FOLDIN: the service answers with its page and with recommendations, as an unprivileged user, and ends by SIGTERM with status 0.
page() {
    local item status=0
    item=$(head -n 1 "$root/tmp/data/unique_sid.txt")
    mkdir -p "$root/tmp/state" && chown 65534:65534 "$root/tmp/state"
    chroot --userspec=65534:65534 "$root" /usr/bin/env -i "$1" serve /tmp/run --port $port --events /tmp/state/events.sqlite 2> "$place/service" &
    service=$!
    ready
    curl -sf "http://127.0.0.1:$port/" | grep -i '<title>'
    curl -sf -H 'Content-Type: application/json' -d "{\"history\": [\"$item\"], \"top\": 10}" "http://127.0.0.1:$port/v1/recommendations" | grep '"items"'
    curl -sf -H 'Content-Type: application/json' -d "{\"events\": [{\"user\": \"u\", \"item\": \"$item\"}]}" "http://127.0.0.1:$port/v1/events"
    kill "$service"
    wait "$service" || status=$?
    service=
    cat "$place/service"
    [ "$status" = 0 ]
}

# uses KIND FOLDIN: the checks that the package and the archive share.
uses() {
    local kind=$1 foldin=$2 began=$3
    check "$kind: foldin --version" within "$foldin" --version
    echo "    $(within "$foldin" --version)"
    check "$kind: ten recommendations" commands "$foldin"
    echo "    $(tail -n 1 "$root/tmp/ten" 2> /dev/null)"
    check "$kind: ten recommendations within 60 s of the file: $((SECONDS - began)) s" test $((SECONDS - began)) -lt 60
    check "$kind: the service and its page" page "$foldin"
    check "$kind: the page within 60 s of the file: $((SECONDS - began)) s" test $((SECONDS - began)) -lt 60
    check "$kind: all libraries are found" sh -c "! chroot '$root' ldd '$foldin' | grep 'not found'"
    within ldd "$foldin" | sed 's/^/    /'
    check "$kind: a download without libcurl is refused with the name of its package" \
        sh -c "! chroot '$root' '$foldin' datasets fetch ml-100k --out /tmp/none 2>&1 | grep libcurl4 && false || [ ! -e '$root/tmp/none' ]"
    check "$kind: doctor" within "$foldin" doctor
}
readable() { man -l "$1" | grep -q "$2"; }

for suite in "${suites[@]}"; do
    echo "$suite: the package"
    root "$suite" "$suite-package"
    within apt-get update -qq > /dev/null
    files > "$place/before"
    began=$SECONDS
    cp "$package" "$root/tmp/foldin.deb"
    check "apt installs it" within apt-get install -y -qq --no-install-recommends /tmp/foldin.deb
    uses "$suite, package" /usr/bin/foldin "$began"
    check "the manual page of the command" readable "$root/usr/share/man/man1/foldin.1.gz" 'SUBCOMMANDS'
    check "the manual page of a subcommand" readable "$root/usr/share/man/man1/foldin-train.1.gz" '\--resume'
    check "completions" test -s "$root/usr/share/bash-completion/completions/foldin" -a -s "$root/usr/share/zsh/vendor-completions/_foldin" \
        -a -s "$root/usr/share/fish/vendor_completions.d/foldin.fish"
    check "the unit is not enabled" test ! -e "$root/etc/systemd/system/multi-user.target.wants/foldin.service"
    check "dpkg --verify" sh -c "! chroot '$root' dpkg --verify foldin | grep ."
    check "what it suggests can be installed" within apt-get install -qq -s libcurl4 ca-certificates unzip libopenblas0 gnuplot-nox
    mkdir -p "$root/var/lib/private/foldin" && ln -s private/foldin "$root/var/lib/foldin" && touch "$root/var/lib/foldin/events.sqlite"
    check "it is removed" within apt-get remove -y -qq foldin
    check "models and events stay" test -e "$root/var/lib/private/foldin/events.sqlite"
    check "it is purged" within apt-get purge -y -qq foldin
    rm -d "$root/var/lib/private" # systemd makes it for all units
    files > "$place/after"
    check "no file is left" diff "$place/before" "$place/after"
    check "dpkg does not know it any more" sh -c "! chroot '$root' dpkg --status foldin"

    echo "$suite: the archive"
    root "$suite" "$suite-archive"
    files > "$place/before"
    began=$SECONDS
    tar --extract --gzip --file "$archive" --directory "$root/usr/local" --strip-components=1 --exclude=README.txt
    uses "$suite, archive" /usr/local/bin/foldin "$began"
    check "the manual page" readable "$root/usr/local/share/man/man1/foldin.1.gz" 'SUBCOMMANDS'
    # As README.txt in the archive says.
    tar -tzf "$archive" | grep -v '/$' | cut -d/ -f2- | (cd "$root/usr/local" && xargs rm -f && rmdir share/doc/foldin)
    files > "$place/after"
    # Common directories, such as share/man/man1, may stay.
    check "no file is left" sh -c "cd '$root' && comm -13 '$place/before' '$place/after' | (! while read -r path; do [ -d \"\$path\" ] || echo \"\$path\"; done | grep .)"
    check "no directory of foldin is left" sh -c "! grep foldin '$place/after'"
done

echo "the root of the container's image"
root=$place/image
Scripts/container-root.sh "$archive" "$root"
size=$(tar --create --sort=name --directory "$root" . | gzip -9 | wc -c)
check "its size is below 60 MB compressed: $((size / 1000)) kB" test "$size" -lt 60000000
# The commands of the Containerfile and of Examples/Deployment, with a read-only root and a volume.
cp -a "$place/$suite-archive/tmp/run" "$root/models/run"
mount --bind "$root" "$root" && mount -o remount,bind,ro "$root"
mount -t tmpfs tmpfs "$root/events" && chown 65532:65532 "$root/events"
image() {
    local status=0
    chroot --userspec=65532:65532 "$root" /usr/bin/foldin serve /models/run --host 0.0.0.0 --port $port --open --events /events/events.sqlite 2> "$place/service" &
    service=$!
    ready
    curl -sf "http://127.0.0.1:$port/" | grep -i '<title>'
    kill "$service"
    wait "$service" || status=$?
    service=
    cat "$place/service"
    [ "$status" = 0 ]
}
check "its entry point answers --version" chroot --userspec=65532:65532 "$root" /usr/bin/foldin --version
check "its service answers from a read-only root" image
umount "$root/events" "$root"

summary
