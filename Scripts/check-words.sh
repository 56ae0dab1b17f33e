#!/bin/sh
# Fails on private vocabulary where the field has a standard term. The table below has the words to use instead.
#
#     Scripts/check-words.sh [ROOT]      (ROOT: the repository, by default the one this script is in)
#
# Reads code, comments, messages and documentation, but not Benchmarks/Results, which are records, nor CHANGELOG.md, which quotes old names.
set -eu
cd "${1:-$(dirname "$0")/..}"

# Extended regular expression => what to write instead # why
words='
\b[Rr]oom\( => target( # a helper of Package.swift makes targets
[Ss]cratch room|\b(let|var) (room|rooms|roomIn[A-Za-z]*)\b|[>.]room\b => buffer, scratch buffer, capacity # "room" says neither what is stored nor how much
\b([Tt]he|a|of|better) house\b|[Hh]ouse rules? => architecture, project, conventions # private metaphor
[Ww]atch(es|ing)? over => tests # private metaphor
[A-Za-z]+sA(Panel|Piece|Pass|Epoch|User|Batch|Step|Update|Second|Minute|Row|Line|Lane|Item)s?\b => …PerPanel, …PerEpoch, … # rates are named with "per"
\b([Aa]|[Oo]ne) line (an?) (epoch|run|check|model|member|user|day|item)\b => one line per epoch # rates are written with "per"
[0-9] (interactions|clicks|passes|updates|bytes) an? (batch|epoch|user|panel|piece|pass|update|step|row|item|parameter|weight)\b => 8 bytes per row, 500 users per batch, … # rates are written with "per"
\b([Uu]sers a batch([^ ]|$)|[Ii]nteractions a user\b|[Ss]econds an epoch\b|[Pp]asses an epoch\b|[Bb]ytes an? (row|user|item|parameter)\b) => users per batch, seconds per epoch, … # rates are written with "per"
forgetWhatDoesNotMatter => resetIneffectiveOptions # says what is reset
[Gg]oes without saying => canonical form # private phrase
\bisDecent\b => isValidRequestID # says what is checked
[Nn]obody in particular => requests without a user id # private phrase
\b(waits?|waited|waiting)( a moment| a millisecond)? for company => waits up to `delay` to batch # private phrase
[Nn]o number any ?more => NaN or infinite; diverged # the standard terms
\b[Uu]sual rows?\b => fixed-layout rows # "usual" does not say which layout
[Rr]esidual(Autoencoder|Step|Encoder|Forward|Backward|Problem) => RecVAE… # one name for one model
\b[Pp]ut(ting)? off\b => deferred # the standard term
\bsettle(Rows)?(\(|`)|\bsettles(`|:)|\.settle\b|\b(let|var|func) settle\b => flush, applyDeferredUpdates # the standard term
[Bb](ring|rings|ringing|rought) ([a-z]+ ){0,3}up to date => apply pending updates # the standard term
foldin_soon|\b(_ )?soon: |struct ahead|\bahead_of|Ahead\.h => prefetch # the standard term
[Bb]rought nearer => prefetched # the standard term
\b[Ll]ook(s|ed)? at (the )?(validation|held-out) => evaluation, evaluated # the standard term
(let|var) ([a-z]+P|p)roblem: String => validationError # it is the first invalid setting
\b[Cc]omplaints?\b => warnings, errors # the standard terms
\bbe had\b => is available # archaic
[Pp]eople behind => users of # archaic
\bwhat is no\b => anything that is not # archaic
'

report=$(
    printf '%s\n' "$words" | while IFS= read -r row; do
        [ -n "$row" ] || continue
        pattern=${row%% => *}
        rest=${row#* => }
        hits=$(
            grep -rnIE --exclude-dir=.build --exclude-dir=Results --exclude-dir=Fixtures --exclude-dir=Pictures --exclude=check-words.sh -e "$pattern" \
                Sources Tests Scripts Packaging Package.swift Benchmarks Examples Fuzz Makefile Documentation CONTRIBUTING.md README.md .ci || true
        )
        [ -n "$hits" ] || continue
        printf '%s\n' "$hits"
        printf '  %s times; write: %s (%s)\n\n' "$(printf '%s\n' "$hits" | wc -l | tr -d ' ')" "${rest%% # *}" "${rest#* # }"
    done
)
if [ -n "$report" ]; then
    printf '%s\n' "$report" >&2
    echo "found private vocabulary; expected the words that Scripts/check-words.sh lists" >&2
    exit 1
fi
echo "words are those of the field"
