#if Experiments
import FoldinSupport
import Foundation

/// The report's only script: it makes tables sortable. Without it the page lacks nothing else.
enum ReportScript {
    /// Sorts by a cell's `data-v`, by the number at its beginning, or by its text; empty cells come last. Numbers begin with the largest.
    static let text = """
        "use strict";
        for (const table of document.querySelectorAll("table.sortable")) {
          const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
          heads.forEach((head, column) => {
            const isNumber = head.classList.contains("n"), button = document.createElement("button");
            button.type = "button";
            button.append(...head.childNodes);
            head.append(button);
            button.addEventListener("click", () => {
              const was = head.getAttribute("aria-sort");
              const falls = was ? was === "ascending" : isNumber;
              const key = row => {
                const cell = row.cells[column], text = cell.textContent.trim();
                if (!isNumber) return text;
                return cell.dataset.v !== undefined ? Number(cell.dataset.v) : parseFloat(text);
              };
              const isMissing = value => isNumber ? Number.isNaN(value) : value === "";
              const compare = (a, b) => isMissing(a) || isMissing(b) ? isMissing(a) - isMissing(b)
                : (falls ? -1 : 1) * (isNumber ? a - b : a.localeCompare(b, "en", {numeric: true}));
              body.append(...[...body.rows].map(row => [key(row), row]).sort((a, b) => compare(a[0], b[0])).map(pair => pair[1]));
              for (const other of heads) other.removeAttribute("aria-sort");
              head.setAttribute("aria-sort", falls ? "descending" : "ascending");
            });
          });
        }
        """

    /// The content security policy of the page: nothing is loaded, and no script runs but this one.
    static var policy: String {
        let hexadecimal = Array(Array(text.utf8).withUnsafeBytes(Checksum.sha256))
        let bytes = stride(from: 0, to: hexadecimal.count, by: 2).map { UInt8(String(hexadecimal[$0...$0 + 1]), radix: 16) ?? 0 }
        return "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-\(Data(bytes).base64EncodedString())'"
    }
}
#endif
