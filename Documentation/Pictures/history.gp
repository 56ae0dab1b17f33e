# Draws validation NDCG@100 and beta by epoch, from the history of a run:
#
#     gnuplot -e "history='RUN/history.jsonl'" Documentation/Pictures/history.gp > Documentation/Pictures/history.svg
#
# With -e "history='...'; png=1" a PNG for a quick look. Needs python3 to take the numbers out of the JSON lines.
columns = "< python3 -c \"import json,sys; [print(d['epoch'], d['validation'], d['beta'], int(d['best'])) " \
    . "for d in map(json.loads, open(sys.argv[1]))]\" " . history

if (exists("png")) {
    set terminal pngcairo size 800,400 font "Sans,11"
} else {
    set terminal svg size 800,400 dynamic font "sans-serif,13" background "#ffffff"
}
set datafile missing "None"
stats columns using 1:2 nooutput
best = STATS_pos_max_y
best_value = STATS_max_y

set key bottom right opaque box lc rgb "#dddddd" width 1 height 0.5
set border 11 lc rgb "#666666"
set tics nomirror out
set grid ytics lc rgb "#e8e8e8"
set xlabel "epoch"
set ylabel "validation NDCG\\@100"
set y2label "beta"
set y2tics
set yrange [*:*]
set y2range [0:0.2]
set xrange [0:*]
set arrow from best, graph 0 to best, graph 1 nohead dt 3 lc rgb "#888888"
set label sprintf("best epoch %d: %.4f ", best, best_value) at best, graph 0.5 right tc rgb "#444444"
plot columns using 1:2 axes x1y1 with lines lw 2 lc rgb "#1f6fb4" title "validation NDCG\\@100 (left)", \
    columns using 1:3 axes x1y2 with lines lw 2 dt 2 lc rgb "#d95f02" title "beta (right)"
