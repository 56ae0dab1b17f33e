#!/usr/bin/env python3
"""Prints what is in the command, as a document of SPDX 2.3.

    Packaging/sbom.py VERSION COMMIT SECONDS SWIFT-VERSION Documentation/Licences.md Package.resolved DEBIAN-LIBRARIES

DEBIAN-LIBRARIES has a line "source-package version" for each library of Debian that is linked statically.
"""
import datetime
import json
import pathlib
import sys

import table

DEBIAN = {"openssl": "Apache-2.0", "sqlite3": "blessing", "zlib": "Zlib"}


def package(name, version, licence, owner, address, purl=None):
    result = {
        "SPDXID": "SPDXRef-" + "".join(c if c.isalnum() else "-" for c in name),
        "name": name,
        "versionInfo": version,
        "downloadLocation": address,
        "filesAnalyzed": False,
        "licenseConcluded": licence,
        "licenseDeclared": licence,
        "copyrightText": owner,
    }
    if purl:
        result["externalRefs"] = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]
    return result


def main():
    version, commit, seconds, swift, licences, resolved, debian = sys.argv[1:]
    pins = {pin["identity"]: pin for pin in json.loads(pathlib.Path(resolved).read_text())["pins"]}
    packages = [package("foldin", version, "Apache-2.0", "the Foldin authors", "NOASSERTION")]
    packages[0]["sourceInfo"] = "built from commit " + commit
    for row in table.rows(licences):
        if not row.is_linked:
            continue
        if row.name not in pins:
            sys.exit(f"found no {row.name} in {resolved}; expected it, as {licences} has it linked into the command")
        address = pins[row.name]["location"].removesuffix(".git")
        number = pins[row.name]["state"]["version"]
        purl = "pkg:swift/" + address.removeprefix("https://") + "@" + number
        packages.append(package(row.name, number, row.licence, row.copyright, address, purl))
    packages.append(
        package("swift", swift, "Apache-2.0 WITH Swift-exception", "Apple Inc. and the Swift project authors", "https://www.swift.org/install")
    )
    for line in pathlib.Path(debian).read_text().splitlines():
        name, number = line.split()
        purl = f"pkg:deb/debian/{name}@{number.replace(':', '%3A')}?arch=source"
        packages.append(package(name, number, DEBIAN[name], "NOASSERTION", "NOASSERTION", purl))
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "foldin-" + version,
        "documentNamespace": f"https://spdx.org/spdxdocs/foldin-{version}-{commit}",
        "creationInfo": {
            "created": datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: foldin-release"],
        },
        "packages": packages,
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-foldin"}
        ]
        + [
            {"spdxElementId": "SPDXRef-foldin", "relationshipType": "STATIC_LINK", "relatedSpdxElement": other["SPDXID"]}
            for other in packages[1:]
        ],
    }
    print(json.dumps(document, indent=1, ensure_ascii=False))


main()
