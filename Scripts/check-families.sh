#!/bin/sh
# Fails if Swift code under Sources/ names a model family outside of that family's own folder: a family is one folder and one registration,
# and the rest of the system knows a protocol only.
#
#     Scripts/check-families.sh [ROOT]      (ROOT: the repository, by default the one this script is in)
#
# Code and comments count alike. A comment that cites the article by its authors (Liang et al.) is no mention.
set -eu
cd "${1:-$(dirname "$0")/..}"

# The folder of a family, in any module, and the extended regular expression of its names.
families='
Autoencoder    [Mm]ult-?(VAE|DAE|vae|dae)
RecVAE         [Rr]ec-?(VAE|vae)
ELSA           \bELSA|\belsa\b
ItemItem       \bEASE|EDLAE|\bedlae\b|\.ease\b|"ease"|case ease\b|sparse-ease
ImplicitALS    ImplicitALS|\bi?ALS\b|"ials"|\.ials\b
ItemItem       [Ii]tem-?(KNN|knn)
ChebyshevFilter [Cc]heby(CF|cf)|ChebyshevFilter
ItemItem       \bMRF|\bmrf\b
Popularity     ItemPopularity|\bPopularity\(\)|family = "popularity"
Blend          \bBlend\b|[a-z]Blend\b|[^a-z]\.blend\b
'

# The files that may name any family: where families are registered, and where presets and subcommands choose one by name.
registries='
Sources/FoldinModels/ModelRegistry.swift
Sources/FoldinTraining/Options/NetworkFamily.swift
Sources/FoldinBaselines/ClosedFormFamily.swift
Sources/FoldinComparison/Contender.swift
Sources/FoldinComparison/ModelPlan+Training.swift
Sources/FoldinExperiments/ModelSection.swift
Sources/FoldinCommand/BlendCommand.swift
'

found=$(
    for file in $registries; do
        [ -e "$file" ] || echo "$file: no such file, though it is in this script's list of registries"
    done
    printf '%s\n' "$families" | while read -r folder pattern; do
        [ -n "$folder" ] || continue
        { grep -rnE --include='*.swift' -e "$pattern" Sources || true; } | while IFS= read -r line; do
            file=${line%%:*}
            case $file in */"$folder"/*) continue ;; esac
            case $registries in
                *"
$file
"*) ;;
                *) printf '%s\n' "$line   [$folder]" ;;
            esac
        done
    done | sort -u
)
if [ -n "$found" ]; then
    printf '%s\n' "$found" >&2
    echo "found $(printf '%s\n' "$found" | wc -l) mentions of a model family outside of its folder; expected none" >&2
    exit 1
fi
echo "model families are named in their folders and registries only"
