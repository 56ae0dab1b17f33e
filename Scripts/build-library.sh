#!/bin/bash
# Builds the C interface as a shared library, with Swift's runtime and all else but the C and C++ libraries of the system inside:
#
#     DIRECTORY/libfoldin.so, DIRECTORY/foldin.h
#
#     Scripts/build-library.sh [DIRECTORY]      (by default .build/library/out)
#
# FOLDIN_LIBRARY_BUILD: where it is built, by default .build/library. The same commit, toolchain, Debian packages and places give the same bytes.
# FOLDIN_SANITIZE=address: with the address sanitizer, whose library the program must load first.
# On macOS, where the C library and Swift's runtime are parts of the system: DIRECTORY/libfoldin.dylib. That is untested.
#
# It needs Swift 6.3 or later and the static libraries of libssl-dev and zlib1g-dev. The build is separate from that of the command, because it
# has other package traits.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=${FOLDIN_LIBRARY_BUILD:-.build/library} out=${1:-${FOLDIN_LIBRARY_BUILD:-.build/library}/out}
fail() {
    echo "build-library.sh: found $1; expected $2" >&2
    exit 1
}
# As in release.sh: the directories of the build, random hashes, addresses and the turns of threads must not enter the library.
options=(-Xswiftc -num-threads -Xswiftc 1) fixed=()
for map in "$PWD=/foldin" "$(realpath -m "$scratch" 2> /dev/null || echo "$PWD/$scratch")=/foldin/.build"; do
    options+=(-Xswiftc -file-prefix-map -Xswiftc "$map" -Xcc "-ffile-prefix-map=$map")
done
[ "$(uname)" != Linux ] || fixed=(setarch --addr-no-randomize)
[ -z "${FOLDIN_SANITIZE:-}" ] || options+=("--sanitize=$FOLDIN_SANITIZE")
SWIFT_DETERMINISTIC_HASHING=1 ${fixed[@]+"${fixed[@]}"} swift build -c release --disable-default-traits --product FoldinC --scratch-path "$scratch" \
    -debug-info-format none -Xcc -fPIC "${options[@]}"
built=$(swift build -c release --scratch-path "$scratch" --show-bin-path)
mkdir -p "$out"
cp Sources/CFoldin/include/foldin.h "$out/"
functions=$(grep -oE '\bfoldin_[a-z_]+\(' Sources/CFoldin/include/foldin.h | tr -d '(' | sort -u)

if [ "$(uname)" = Darwin ]; then
    sed 's/^/_/' <<< "$functions" > "$scratch/exports"
    swiftc -emit-library -o "$out/libfoldin.dylib" "@$built/FoldinC.product/Objects.LinkFileList" -lz -framework Accelerate \
        -Xlinker -exported_symbols_list -Xlinker "$scratch/exports" -Xlinker -dead_strip -Xlinker -install_name -Xlinker @rpath/libfoldin.dylib
    echo "$out/libfoldin.dylib: $(stat -f %z "$out/libfoldin.dylib") bytes"
    exit
fi

# A directory with the static libraries alone, which comes before those of the system.
multiarch=$(gcc -print-multiarch)
mkdir -p "$scratch/static"
for archive in libcrypto.a libz.a; do
    [ -f "/usr/lib/$multiarch/$archive" ] || fail "no /usr/lib/$multiarch/$archive" "the packages libssl-dev and zlib1g-dev"
    ln -sf "/usr/lib/$multiarch/$archive" "$scratch/static/"
done
printf '{ global:\n%s local: *; };\n' "$(sed 's/$/;/' <<< "$functions")" > "$scratch/exports"
link=(-Xlinker -z -Xlinker defs -Xlinker -s)
[ -z "${FOLDIN_SANITIZE:-}" ] || link=("-sanitize=$FOLDIN_SANITIZE")
# The toolchain's libraries are named, because swiftc does not look into the objects of a list for them. lld, because gold exports Swift's
# protected symbols in spite of the list of exports.
swiftc -emit-library -static-stdlib -use-ld=lld -o "$out/libfoldin.so" \
    "@$built/FoldinC.product/Objects.LinkFileList" \
    -L "$scratch/static" -lFoundation -lFoundationEssentials -lFoundationInternationalization -lCoreFoundation -l_FoundationICU \
    -l_FoundationCShims -l_FoundationCollections -lswiftSynchronization -lswiftDispatch -ldispatch -lBlocksRuntime -lcrypto -lz \
    "${link[@]}" -Xlinker "--version-script=$scratch/exports" -Xlinker --gc-sections -Xlinker -z -Xlinker now -Xlinker -soname=libfoldin.so
# Nothing of the toolchain may be needed.
needs=$(readelf --dynamic --wide "$out/libfoldin.so" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p' | paste -sd' ')
case " $needs " in *libswift* | *libFoundation* | *libcrypto* | *libz*) fail "$out/libfoldin.so, which needs $needs" "the system's C and C++ libraries" ;; esac
exported=$(nm -D --defined-only "$out/libfoldin.so" | awk '{ print $NF }' | sort)
[ "$exported" = "$functions" ] ||
    fail "other functions than those of foldin.h: $(diff <(echo "$exported") <(echo "$functions") | head -n 20 | paste -sd' ')" "the same"
echo "$out/libfoldin.so: $(stat -c %s "$out/libfoldin.so") bytes; needs: $needs"
