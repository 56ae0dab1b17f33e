# Draws validation NDCG@100 by epoch for the recipes between the defaults and the preset fast, from four runs' histories:
#
#     gnuplot -e "runs='DIR'" Documentation/Pictures/fast.gp > Documentation/Pictures/fast.svg
#
# DIR holds the runs default, high-rate, small-batches and fast (Documentation/Training.md has their commands). With -e "...; png=1" a PNG
# for a quick look. Needs python3 to take the numbers out of the JSON lines.
curve(name) = "< python3 -c \"import json,sys; [print(d['epoch'], d['validation']) " \
    . "for d in map(json.loads, open(sys.argv[1]))]\" " . runs . "/" . name . "/history.jsonl"

if (exists("png")) {
    set terminal pngcairo size 800,400 font "Sans,11"
} else {
    set terminal svg size 800,400 dynamic font "sans-serif,13" background "#ffffff"
}
set key bottom right opaque box lc rgb "#dddddd" width 1 height 0.5
set border 3 lc rgb "#666666"
set tics nomirror out
set grid ytics lc rgb "#e8e8e8"
set xlabel "epoch"
set ylabel "validation NDCG\\@100"
set xrange [0:80]
set yrange [0.2:0.43]
set arrow from 0, 0.395 to 80, 0.395 nohead dt 3 lc rgb "#888888"
plot curve("fast") with lines lw 3 lc rgb "#d55e00" title "fast: batches of 125, 0.004 falling to 0", \
    curve("small-batches") with lines lw 2 dt 4 lc rgb "#e69f00" title "batches of 125, 0.004 throughout", \
    curve("high-rate") with lines lw 2 dt 2 lc rgb "#009e73" title "batches of 500, 0.004 throughout", \
    curve("default") with lines lw 2 lc rgb "#0072b2" title "defaults: batches of 500, 0.001"
