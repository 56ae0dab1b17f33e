#!/bin/bash
# Builds what a release consists of, in dist/, from the current commit:
#
#     foldin-VERSION.tar.gz                  the source
#     foldin-VERSION-linux-ARCHITECTURE.tar.gz   the command with manual pages, completions and a systemd unit, linked statically with Swift
#     foldin_VERSION_DEBIAN-ARCHITECTURE.deb     the same as a package for Debian 12 and later
#     foldin-VERSION-py3-none-PLATFORM.whl   the package for Python
#     libfoldin-VERSION-linux-ARCHITECTURE.tar.gz   the library for C with its header
#     foldin-VERSION.spdx.json               what is in the command, with versions and licences (SPDX)
#     SHA256SUMS
#
#     Scripts/release.sh VERSION [--binary FILE] [--dist DIRECTORY]
#
# --binary takes a command that is built already, to try the packaging. Run it on Debian 12: a command that is built there also runs on later
# systems. The same commit, toolchain and Debian packages give the same bytes, in any clone: the build is always in /var/tmp/foldin-release, because
# Swift compiles hashes and lengths of paths into a program. It refuses changes that are not committed, a VERSION that CHANGELOG.md has no heading of,
# and one that is not FoldinVersion.number.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022
export LC_ALL=C.UTF-8 TZ=UTC

# The package traits of the released command: it has everything.
traits=(--enable-all-traits)

# Set by --binary: what was not built here may have other libraries, another version and paths.
is_trial=

usage() {
    echo "usage: Scripts/release.sh VERSION [--binary FILE] [--dist DIRECTORY]" >&2
    exit 64
}
fail() {
    echo "release.sh: found $1; expected $2" >&2
    exit 1
}
# The same, but only a warning for a command that is given by --binary.
reject() {
    [ -n "$is_trial" ] || fail "$@"
    echo "release.sh: warning: found $1; expected $2" >&2
}

version='' binary='' dist=dist
while [ $# -gt 0 ]; do
    case $1 in
        --binary)
            binary=$(realpath -e "${2:?}") is_trial=1
            shift 2
            ;;
        --dist)
            dist=${2:?}
            shift 2
            ;;
        -*) usage ;;
        *)
            [ -z "$version" ] || usage
            version=$1
            shift
            ;;
    esac
done
[ -n "$version" ] || usage

# --- What is needed ------------------------------------------------------------------------------------------------------------------

missing=()
for program in git tar gzip python3 strip readelf dpkg-deb dpkg-shlibdeps dpkg-architecture dpkg-query sha256sum flock setarch; do
    command -v "$program" > /dev/null || missing+=("$program")
done
[ -n "$binary" ] || command -v swift > /dev/null || missing+=(swift)
[ ${#missing[@]} = 0 ] || fail "none of these programs: ${missing[*]}" "them to be installed (Debian: git binutils dpkg-dev python3; Swift: https://www.swift.org/install)"

machine=$(uname -m) multiarch=$(dpkg-architecture -qDEB_HOST_MULTIARCH) architecture=$(dpkg-architecture -qDEB_HOST_ARCH)
# The libraries that are linked statically, and the Debian packages with their archives.
declare -A archives=([libz.a]=zlib1g-dev [libcrypto.a]=libssl-dev [libsqlite3.a]=libsqlite3-dev)
for archive in "${!archives[@]}"; do
    [ -e "/usr/lib/$multiarch/$archive" ] || missing+=("${archives[$archive]}")
done
[ ${#missing[@]} = 0 ] || fail "no static libraries of: ${missing[*]}" "these Debian packages to be installed"

changes=$(git status --porcelain)
[ -z "$changes" ] || fail "changes that are not committed: $(head -n 3 <<< "$changes" | paste -sd' ')" "a clean working copy"
grep -q "^## \[$version\]" CHANGELOG.md \
    || fail "no heading '## [$version]' in CHANGELOG.md" "one of its versions: $(sed -nE 's/^## \[([0-9][^]]*)\].*/\1/p' CHANGELOG.md | paste -sd' ')"
number=$(sed -nE 's/.*let number = "(.*)"/\1/p' Sources/FoldinSupport/FoldinVersion.swift)
[ "$number" = "$version" ] || fail "version $number in Sources/FoldinSupport/FoldinVersion.swift" "$version"

commit=$(git rev-parse HEAD)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
date=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%d)

# --- The source ----------------------------------------------------------------------------------------------------------------------

mkdir -p "$dist"
dist=$(realpath "$dist")
rm -f "$dist"/foldin-"$version"{.tar.gz,.spdx.json,-linux-"$machine".tar.gz,-py3-*.whl} "$dist/libfoldin-$version-linux-$machine.tar.gz" "$dist/foldin_${version}_$architecture.deb" "$dist"/SHA256SUMS
work=/var/tmp/foldin-release
source=$work/source
mkdir -m 700 "$work" 2> /dev/null || true
if [ ! -d "$work" ] || [ -L "$work" ] || [ ! -O "$work" ]; then fail "$work of another user" "a directory of one's own, or none"; fi
exec 9> "$work/lock"
flock --nonblock 9 || fail "another release that is built in $work" "one at a time"

# archive DIRECTORY NAME: the directory as DIST/NAME, the same bytes each time.
archive() {
    tar --create --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" \
        --directory "$(dirname "$1")" "$(basename "$1")" | gzip -9n > "$dist/$2"
}

# Unpacked beside the last one, so that only files with other contents are newer than what was built of them.
stage=$work/stage
rm -rf "$stage" && mkdir "$stage"
git archive --format=tar --prefix="foldin-$version/" "$commit" | tar --extract --directory "$stage"
archive "$stage/foldin-$version" "foldin-$version.tar.gz"

# --- The command ---------------------------------------------------------------------------------------------------------------------

if [ -z "$binary" ]; then
    mkdir -p "$source"
    # Files that the archive no longer has go; Package.resolved and what is equal stay.
    python3 Packaging/synchronise.py "$stage/foldin-$version" "$source" Package.resolved
    # A directory with the static libraries alone, which comes before those of the system: SwiftPM asks pkg-config for the directories.
    mkdir -p "$work/static"
    for archive in "${!archives[@]}"; do ln -sf "/usr/lib/$multiarch/$archive" "$work/static/"; done
    for library in libcrypto:crypto zlib:z; do
        printf '%s\n' "Name: ${library%:*}" "Description: ${library%:*}, static" 'Version: 0' "Libs: -L$work/static -l${library#*:}" \
            > "$work/static/${library%:*}.pc"
    done
    export PKG_CONFIG_PATH=$work/static
    # All symbols are bound at the start, so that the table of addresses is read-only afterwards.
    options=(-Xlinker "-L$work/static" -Xlinker -z -Xlinker now -Xlinker "--build-id=0x$commit")
    # The directories of the build must not enter the command.
    for map in "$source=/foldin" "$work/build=/foldin/.build"; do
        options+=(-Xswiftc -file-prefix-map -Xswiftc "$map" -Xcc "-ffile-prefix-map=$map" -Xcxx "-ffile-prefix-map=$map")
    done
    # Without these the compiler orders some instructions by random hashes and by addresses, which also depend on the turns of its threads.
    options+=(-Xswiftc -num-threads -Xswiftc 1)
    SWIFT_DETERMINISTIC_HASHING=1 setarch --addr-no-randomize \
        swift build --configuration release --static-swift-stdlib "${traits[@]}" --product foldin -debug-info-format none \
            --package-path "$source" --scratch-path "$work/build" "${options[@]}"
    built=$(swift build --configuration release --package-path "$source" --scratch-path "$work/build" --show-bin-path)
    binary=$built/foldin checkouts=$work/build/checkouts resolved=$source/Package.resolved
    python3 Packaging/linked_packages.py Documentation/Licences.md "$work/build/release.yaml" "$built/foldin.product/Objects.LinkFileList"
else
    checkouts=.build/checkouts resolved=Package.resolved
    if [ ! -d "$checkouts" ] || [ ! -f "$resolved" ]; then fail "no packages in $checkouts" "those of 'swift package resolve'"; fi
fi
Scripts/check-licences.sh "$checkouts"

bin=$stage/foldin
strip --strip-all --remove-section=.comment -o "$bin" "$binary"
chmod 755 "$bin"

# The libraries that the command may need: those of the C and C++ compilers, which every system has.
allowed=' libc.so.6 libm.so.6 libstdc++.so.6 libgcc_s.so.1 ld-linux-x86-64.so.2 ld-linux-aarch64.so.1 '
needed=$(readelf -d "$bin" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p')
for library in $needed; do
    case $allowed in
        *" $library "*) ;;
        *) reject "the library $library in the command" "only${allowed% }" ;;
    esac
done
for directory in "$PWD" "$work"; do
    if grep -aqF "$directory" "$bin"; then reject "the directory $directory in the command" "no directory of the build"; fi
done
shown=$("$bin" --version 2>&1 || true)
[ "$shown" = "$version (commit ${commit:0:12})" ] || reject "'$shown' printed by foldin --version" "'$version (commit ${commit:0:12})'"

# --- What goes with it ---------------------------------------------------------------------------------------------------------------

parts=$stage/parts
mkdir "$parts"
"$bin" --experimental-dump-help | python3 Packaging/man_pages.py "$version" "$date" "$parts/man"
gzip -9n "$parts"/man/*.1
for shell in bash zsh fish; do "$bin" --generate-completion-script "$shell" > "$parts/foldin.$shell"; done
# Bash reads the file, and does not run it.
sed -i '1{/^#!/d}' "$parts/foldin.bash"
python3 Packaging/notices.py Documentation/Licences.md "$checkouts" > "$parts/NOTICE"
for archive in "${!archives[@]}"; do
    dpkg-query --show --showformat='${source:Package} ${source:Version}\n' "${archives[$archive]}"
done | sort > "$parts/debian-libraries"
swift_version=$(strings -a "$bin" | sed -nE 's/.*Swift version ([0-9.]+).*/\1/p' | head -n 1)
[ -n "$swift_version" ] || swift_version=$(swift --version 2> /dev/null | sed -nE 's/.*Swift version ([0-9.]+).*/\1/p' | head -n 1)
python3 Packaging/sbom.py "$version" "$commit" "$SOURCE_DATE_EPOCH" "${swift_version:-unknown}" Documentation/Licences.md "$resolved" \
    "$parts/debian-libraries" > "$dist/foldin-$version.spdx.json"

# common ROOT PREFIX: what the archive and the package have in common.
common() {
    local root=$1 prefix=$2 page
    install -D -m 755 "$bin" "$root$prefix/bin/foldin"
    for page in "$parts"/man/*; do install -D -m 644 "$page" "$root$prefix/share/man/man1/$(basename "$page")"; done
    install -D -m 644 "$parts/foldin.bash" "$root$prefix/share/bash-completion/completions/foldin"
    install -D -m 644 "$parts/foldin.fish" "$root$prefix/share/fish/vendor_completions.d/foldin.fish"
    install -D -m 644 "$dist/foldin-$version.spdx.json" "$root$prefix/share/doc/foldin/foldin.spdx.json"
    install -D -m 644 Packaging/debian/copyright "$root$prefix/share/doc/foldin/copyright"
}

# --- The archive ---------------------------------------------------------------------------------------------------------------------

name=foldin-$version-linux-$machine
root=$stage/$name
common "$root" ""
install -D -m 644 "$parts/foldin.zsh" "$root/share/zsh/site-functions/_foldin"
install -D -m 644 "$parts/NOTICE" "$root/share/doc/foldin/NOTICE"
install -m 644 LICENSE CHANGELOG.md Packaging/foldin.default "$root/share/doc/foldin/"
install -m 644 Packaging/README.txt "$root/README.txt"
install -d "$root/lib/systemd/system"
sed 's#/usr/bin/foldin#/usr/local/bin/foldin#' Packaging/foldin.service > "$root/lib/systemd/system/foldin.service"
archive "$root" "$name.tar.gz"

# --- The package for Debian ----------------------------------------------------------------------------------------------------------

root=$stage/debian/foldin
common "$root" /usr
doc=$root/usr/share/doc/foldin
install -D -m 644 "$parts/foldin.zsh" "$root/usr/share/zsh/vendor-completions/_foldin"
install -D -m 644 Packaging/foldin.service "$root/usr/lib/systemd/system/foldin.service"
install -D -m 644 Packaging/foldin.default "$root/etc/default/foldin"
install -D -m 644 Packaging/debian/lintian-overrides "$root/usr/share/lintian/overrides/foldin"
gzip -9nc "$parts/NOTICE" > "$doc/NOTICE.gz"
gzip -9nc CHANGELOG.md > "$doc/CHANGELOG.md.gz"
maintainer=$(sed -n 's/^Maintainer: //p' Packaging/debian/control)
printf 'foldin (%s) unstable; urgency=medium\n\n  * Version %s. What a user notices is in CHANGELOG.md.gz.\n\n -- %s  %s\n' \
    "$version" "$version" "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n > "$doc/changelog.gz"
gzip -9n "$doc/foldin.spdx.json"
mkdir "$root/DEBIAN"
for script in postinst prerm postrm; do install -m 755 "Packaging/debian/$script" "$root/DEBIAN/"; done
echo /etc/default/foldin > "$root/DEBIAN/conffiles"
# dpkg-shlibdeps wants the control file of a source package.
{ printf 'Source: foldin\n\n' && cat Packaging/debian/control; } > "$stage/debian/control"
depends=$(cd "$stage" && dpkg-shlibdeps -O -edebian/foldin/usr/bin/foldin 2> /dev/null | sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] || fail "no dependencies by dpkg-shlibdeps" "at least libc6"
built_using=$(awk '{ printf "%s%s (= %s)", (NR > 1 ? ", " : ""), $1, $2 }' "$parts/debian-libraries")
size=$(cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%s\n' | awk '{ sum += int(($1 + 1023) / 1024) } END { print sum }')
sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@DEPENDS@/$depends/; s/@BUILT_USING@/$built_using/; s/@SIZE@/$size/" \
    Packaging/debian/control > "$root/DEBIAN/control"
(cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\n' | sort | xargs -d '\n' md5sum > DEBIAN/md5sums)
chmod 644 "$root/DEBIAN/control" "$root/DEBIAN/conffiles" "$root/DEBIAN/md5sums"
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
# One thread: with several, xz cuts its input.
dpkg-deb --root-owner-group --uniform-compression -Zxz --threads-max=1 --build "$root" "$dist/foldin_${version}_$architecture.deb" > /dev/null

# --- The library for C, and the wheel for Python -------------------------------------------------------------------------------------

if [ -z "$is_trial" ]; then
    # In the unpacked source, which is in the same place each time.
    (cd "$source" && FOLDIN_LIBRARY_BUILD=$work/library Scripts/wheel.sh "$dist")
    name=libfoldin-$version-linux-$machine
    root=$stage/$name
    install -D -m 644 "$work/library/out/libfoldin.so" "$root/lib/libfoldin.so"
    install -D -m 644 "$work/library/out/foldin.h" "$root/include/foldin.h"
    install -D -m 644 Examples/C/recommend.c "$root/share/doc/libfoldin/examples/recommend.c"
    install -m 644 LICENSE Packaging/debian/copyright "$root/share/doc/libfoldin/"
    archive "$root" "$name.tar.gz"
fi

(cd "$dist" && find . -maxdepth 1 -name "*foldin[-_]$version[-._]*" -printf '%P\0' | sort -z | xargs -0 sha256sum -- > SHA256SUMS)
rm -rf "$stage"
glibc=$(objdump -T "$binary" 2> /dev/null | grep -oE 'GLIBC_[0-9.]+' | sort -uV | tail -n 1)
echo "needs: $(paste -sd' ' <<< "$needed"), at least $glibc"
find "$dist" -maxdepth 1 -type f -printf '%s %f\n' | sort -k2
