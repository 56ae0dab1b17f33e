import FoldinInteractions

extension OptionDeclaration {
    /// The canonical text of a value that is not the default, found by trying texts of all kinds of value.
    public var sample: String? {
        let names = syntax.split(separator: " ").map { String($0.filter { $0 != "," }) }
        let texts = names + ["7", "0.25", "12.5%", "9,8", "0.25,0.125", "recall@7"]
        for text in texts where text != "auto" && text != "none" {
            var values = OptionValues()
            if set(text, in: &values), self.text(in: values) != defaultText { return self.text(in: values) }
        }
        return nil
    }
}

/// Texts that no option with a number may crash on.
public let hostileNumbers = [
    "", "0", "-0", "-1", "1e-45", "4294967296", "9223372036854775807", "18446744073709551615", "1e308", "1e999", "-1e308", "nan",
    "inf", "-inf", "0x10", "1e3", " 7", "7 ", "١",
]
