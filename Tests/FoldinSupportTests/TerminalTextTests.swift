import FoldinSupport
import Testing

struct TerminalTextTests {
    @Test("control characters are escaped in one line, in several lines and in JSON")
    func terminals() {
        let text = "a\u{1B}[2J\n\t\u{85}\u{202E}\u{61C}é映🎬\u{7F}"
        #expect(text.escapedForTerminal == "a\\u{1B}[2J\\n\\t\\u{85}\\u{202E}\\u{61C}é映🎬\\u{7F}")
        #expect(text.escapedLinesForTerminal == "a\\u{1B}[2J\n\t\\u{85}\\u{202E}\\u{61C}é映🎬\\u{7F}")
        let json = "{\n \"a\":\"\u{85}\u{202E}é\u{7F}\"}"
        #expect(json.escapedJSONForTerminal == "{\n \"a\":\"\\u0085\\u202eé\\u007f\"}")
        #expect(text.escapedForTerminal.escapedLinesForTerminal == text.escapedForTerminal)
    }
}
