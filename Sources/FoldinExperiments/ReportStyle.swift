#if Experiments
/// The report's style sheet, for light and dark screens, wide and narrow ones, and for print.
enum ReportStyle {
    static let text = """
        :root{--ink:#1d2129;--soft:#5c6470;--line:#dfe3e8;--paper:#fff;--ground:#f6f7f9;--accent:#0072b2;--good:#00785a;--mark:#eaf3f9;color-scheme:light dark}
        @media (prefers-color-scheme:dark){:root{--ink:#e4e7eb;--soft:#9aa3af;--line:#333a44;--paper:#1b1f26;--ground:#12151a;--accent:#56b4e9;--good:#3fc79a;--mark:#1d2c38}}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
        main{max-width:68rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}
        h1{font-size:2rem;line-height:1.2;margin:0 0 .35rem;letter-spacing:-.015em;overflow-wrap:anywhere}
        h2{font-size:1.3rem;line-height:1.3;margin:2.75rem 0 .5rem;letter-spacing:-.01em}
        h3{font-size:1.02rem;margin:1.5rem 0 .35rem}
        p{margin:.4rem 0 .8rem;max-width:44rem}
        .soft,figcaption,.note{color:var(--soft)}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.8rem;margin:1.5rem 0}
        .tile,.card,figure{background:var(--paper);border:1px solid var(--line);border-radius:.6rem}
        .tile{padding:.8rem 1rem}
        .tile b{display:block;font-size:1.5rem;line-height:1.25;font-weight:650;letter-spacing:-.01em}
        .tile span{color:var(--soft);font-size:.86rem}
        .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));gap:.8rem}
        .card{padding:1rem 1.2rem}
        .card h3{margin:0 0 .5rem}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:0;font-size:.92rem}
        dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
        .scroll{overflow-x:auto;background:var(--paper);border:1px solid var(--line);border-radius:.6rem;margin:.6rem 0 1rem}
        table{border-collapse:collapse;width:100%;font-size:.88rem}
        th,td{padding:.42rem .55rem;text-align:left;white-space:nowrap;border-bottom:1px solid var(--line)}
        td{vertical-align:top}
        tbody tr:last-child td{border-bottom:0}
        th{font-weight:600;color:var(--soft);font-size:.82rem}
        .n{text-align:right}
        tr.first td{background:var(--mark)}
        figure{margin:1rem 0 1.25rem;padding:1rem 1rem .8rem}
        figure svg{display:block;width:100%;max-width:46rem;height:auto;margin:0 auto;font-family:inherit}
        figcaption{font-size:.9rem;margin-top:.4rem;max-width:44rem}
        figcaption b{color:var(--ink)}
        ol.list{margin:0;padding-left:1.9rem;font-size:.92rem}
        ol.list li{padding:.1rem 0;overflow-wrap:anywhere}
        ol.list li.hit{color:var(--good);font-weight:600}
        ol.list li.hit::after{content:"\\00a0✓"}
        code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.84em}
        pre{overflow-x:auto;background:var(--paper);border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1rem}
        summary{cursor:pointer;color:var(--accent)}
        footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line);font-size:.86rem}
        @media (max-width:40rem){main{padding:1.5rem .9rem 3rem}h1{font-size:1.55rem}figure{padding:.6rem .5rem}.tiles{grid-template-columns:1fr 1fr}.tile b{font-size:1.2rem}figcaption{padding:0 .3rem}}
        @media print{:root{--ink:#000;--soft:#444;--line:#bbb;--paper:#fff;--ground:#fff;--mark:#eee}body{font-size:10pt}main{max-width:none;padding:0}figure,.card,tr{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}table{font-size:7.5pt}th,td{padding:.2rem .3rem;white-space:normal}summary{display:none}}
        """
}
#endif
