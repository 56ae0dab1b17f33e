#if Experiments
/// The report's style sheet, for light and dark screens, wide and narrow ones, and for print.
enum ReportStyle {
    /// The variables of the light scheme.
    private static let light =
        "--ink:#1d2129;--soft:#5c6470;--line:#dfe3e8;--paper:#fff;--ground:#f6f7f9;--accent:#0b5fa5;--good:#00694f;--best:#e2f2ea;"
        + "--shade:rgba(29,33,41,.2);--grid:#c9ced5;" + colours(Series.colours)

    /// The variables of the dark scheme.
    private static let dark =
        "--ink:#e4e7eb;--soft:#9aa3af;--line:#333a44;--paper:#1b1f26;--ground:#12151a;--accent:#7cc0f5;--good:#4fd0a4;--best:#1c3a33;"
        + "--shade:rgba(0,0,0,.7);--grid:#454d58;" + colours(Series.darkColours)

    /// The variables of the figures' colours: `--s1` is that of the first series.
    private static func colours(_ list: [String]) -> String {
        list.enumerated().map { "--s\($0 + 1):\($1.lowercased())" }.joined(separator: ";")
    }

    static let text = """
        :root{\(light);color-scheme:light dark}
        @media screen and (prefers-color-scheme:dark){:root{\(dark)}}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
        body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
        main{max-width:72rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}
        a{color:var(--accent);text-underline-offset:.2em}
        :focus-visible{outline:2px solid var(--accent);outline-offset:2px}
        h1{font-size:2rem;line-height:1.2;margin:0 0 1rem;letter-spacing:-.015em;overflow-wrap:anywhere}
        h2{font-size:1.35rem;line-height:1.3;margin:3.25rem 0 .5rem;letter-spacing:-.01em}
        h3{font-size:1.02rem;line-height:1.4;margin:1.75rem 0 .35rem;overflow-wrap:anywhere}
        h2 a,h3 a{color:inherit;text-decoration:none}
        h2 a:hover,h3 a:hover{text-decoration:underline}
        p{margin:.4rem 0 .8rem;max-width:46rem}
        .soft,figcaption,.note{color:var(--soft)}
        .eyebrow{margin:0 0 .15rem;font-size:.86rem;color:var(--soft)}
        .conclusion{border-left:4px solid var(--good);padding:.1rem 0 .1rem 1.1rem;margin:0 0 1.5rem}
        .conclusion p{max-width:52rem;margin:.25rem 0}
        .conclusion .lead{font-size:1.25rem;line-height:1.4;font-weight:600;letter-spacing:-.005em}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.8rem;margin:1.5rem 0}
        .tile,.card,figure{background:var(--paper);border:1px solid var(--line);border-radius:.6rem}
        .tile{padding:.7rem 1rem .8rem}
        .tile b{display:block;font-size:1.35rem;line-height:1.3;font-weight:650;letter-spacing:-.01em}
        .tile span{display:block;color:var(--soft);font-size:.86rem;line-height:1.35}
        nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;list-style:none;margin:0;padding:.7rem 0;border:solid var(--line);border-width:1px 0}
        .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:.8rem}
        .card{padding:1rem 1.2rem;min-width:0}
        .card h3,.card h4{font-size:1.02rem;margin:0 0 .5rem}
        .card p{margin:.9rem 0 .3rem;font-size:.92rem}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:0;font-size:.92rem}
        dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
        .terms{grid-template-columns:minmax(8rem,max-content) minmax(0,46rem);gap:.5rem 1.5rem;margin-top:.8rem}
        .terms dt{color:var(--ink);font-weight:600}
        .scroll{overflow-x:auto;border:1px solid var(--line);border-radius:.6rem;margin:.6rem 0 1rem;background:linear-gradient(90deg,transparent,var(--paper) 70%) 100% 0/3rem 100% no-repeat local,radial-gradient(farthest-side at 100% 50%,var(--shade),transparent) 100% 0/1rem 100% no-repeat scroll,var(--paper)}
        table{border-collapse:separate;border-spacing:0;width:100%;font-size:.88rem;line-height:1.4}
        th,td{padding:.45rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
        td{white-space:nowrap}
        .long{white-space:normal;min-width:11rem;overflow-wrap:anywhere}
        tbody tr:last-child>*{border-bottom:0}
        thead th{font-weight:600;color:var(--soft);font-size:.82rem;vertical-align:bottom}
        tbody th{font-weight:500}
        tbody th{white-space:nowrap}
        tbody th.long{white-space:normal;min-width:9.5rem}
        tr>:first-child{position:sticky;left:0;background:var(--paper);max-width:15rem}
        .n{text-align:right}
        .narrow{max-width:46rem}
        .below{display:block;white-space:nowrap;color:var(--soft);font-size:.92em}
        td b{font-weight:700;background:var(--best);border-radius:.25rem;padding:.1rem .3rem;margin:0 -.3rem}
        td b .below{font-weight:400;background:none}
        td b:has(.below){display:inline-block}
        th button{all:unset;cursor:pointer}
        th button:hover{color:var(--ink);text-decoration:underline}
        th button:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
        th button{position:relative}
        th button::after{content:"↕";position:absolute;right:-.7em;bottom:0;width:.6em;font-weight:400;text-align:center}
        .sortable tr>:last-child{padding-right:.95rem}
        .name{white-space:nowrap}
        th[aria-sort]{color:var(--ink)}
        th[aria-sort=ascending] button::after{content:"↑"}
        th[aria-sort=descending] button::after{content:"↓"}
        .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:1rem;margin-top:1rem}
        figure{margin:0;padding:1rem 1rem .9rem;min-width:0}
        figure h3{margin:0 0 .5rem}
        figure>svg{display:block;width:100%;height:auto;font-family:inherit}
        figcaption{font-size:.88rem;line-height:1.45;margin-top:.5rem}
        .legend{display:flex;flex-wrap:wrap;gap:.15rem 1.1rem;list-style:none;margin:0 0 .5rem;padding:0;font-size:.86rem}
        .legend li{display:flex;align-items:center;gap:.45rem}
        .legend svg{width:2.25rem;height:.875rem;flex:none;fill:none}
        section>ul{margin:.4rem 0 .8rem;padding-left:1.2rem;max-width:46rem;overflow-wrap:anywhere}
        ol.list{margin:0;padding-left:1.9rem;font-size:.92rem}
        ol.list li{padding:.1rem 0;overflow-wrap:anywhere}
        ol.list li.hit{color:var(--good);font-weight:600}
        .hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
        code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.84em}
        pre{overflow-x:auto;background:var(--paper);border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1rem}
        pre.command span{display:inline-block}
        pre.command{margin:0;padding:.6rem .75rem;background:var(--ground);white-space:pre-wrap;overflow-wrap:anywhere;user-select:all}
        summary{cursor:pointer;color:var(--accent)}
        footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line);font-size:.86rem}
        @media (max-width:40rem){main{padding:1.5rem .9rem 3rem}h1{font-size:1.55rem}.conclusion{padding-left:.8rem}.conclusion .lead{font-size:1.1rem}figure{padding:.8rem .5rem}figure h3,figcaption,.legend{padding:0 .3rem}.tiles{grid-template-columns:1fr 1fr;gap:.6rem}.tile b{font-size:1.15rem}.card{padding:.9rem}tr>:first-child{max-width:8.5rem}.legend{gap:.15rem .6rem;font-size:.78rem}.legend li{gap:.3rem}.legend svg{width:1.6rem}.terms{grid-template-columns:1fr;gap:0}.terms dd{margin-bottom:.6rem}}
        @media print{@page{margin:14mm 12mm}:root{--ink:#000;--soft:#444;--line:#bbb;--ground:#fff;--best:#e6e6e6}html{font-size:10.5px}body{font-size:1rem}main{max-width:none;padding:0}nav,details,th button::after{display:none}figure,.card,.tile,.conclusion,tr{break-inside:avoid}h2,h3,thead{break-after:avoid}h2{margin-top:2rem}.scroll{overflow:visible;background:none}.tiles{grid-auto-flow:column;grid-template-columns:none;grid-auto-columns:1fr}.figures,.cards{grid-template-columns:1fr 1fr}th,td{padding:.3rem .35rem}td,tbody th{white-space:normal}tr>:first-child{position:static}.long{min-width:0}td b{background:none}}
        """
}
#endif
