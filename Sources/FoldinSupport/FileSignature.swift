/// Recognises files that are not text in UTF-8 by their first bytes, for messages.
public enum FileSignature {
    /// What a file is and how to get text from it.
    public struct Finding: Sendable, Equatable {
        /// The kind of file with its article, for example `a Parquet file`.
        public let name: String
        /// What to supply instead, for an error's `expected`.
        public let advice: String
    }

    /// What a file is that begins with `bytes`; nil if it may be text in UTF-8. A gzip file gives nil, because its contents are read.
    public static func finding(_ bytes: UnsafeRawBufferPointer) -> Finding? {
        guard let kind = FileKind(bytes) else { return nil }
        let advice: String
        switch kind {
        case .gzip: return nil
        case .utf32: advice = "text in UTF-8: iconv -f UTF-32 -t UTF-8 makes it"
        case .utf16: advice = "text in UTF-8: iconv -f UTF-16 -t UTF-8 makes it"
        case .parquet:
            advice =
                "text, or for ratings and histories the file's name: "
                + "duckdb -c \"COPY (FROM 'FILE') TO '/dev/stdout' (FORMAT csv, HEADER)\" writes text"
        case .pickle: advice = "text: load it in Python and write CSV"
        case .torch: advice = "text; a model's weights are written by safetensors.torch.save_file(state_dict, FILE)"
        case .bzip2, .xz, .zstandard, .lz4, .sevenZip, .rar: advice = "the file unpacked, or packed with gzip"
        case .zip: advice = "a file out of it (unzip), or one packed with gzip"
        case .numPyArray, .numPyArchive, .hdf5: advice = "text: write it as CSV"
        case .excel, .oldExcel: advice = "text: save it as CSV"
        case .arrow, .feather, .orc, .avro, .sqlite, .pdf, .matlab, .rData: advice = "text: its own tool writes CSV"
        case .safetensors, .gguf, .onnx: advice = "a text file"
        case .binary: advice = "text, or text packed with gzip"
        }
        return Finding(name: kind.name, advice: advice)
    }

    /// Throws if `bytes`, the beginning of `file`, are not text in UTF-8 and not a gzip file.
    ///
    /// - Throws: `FoldinError` of kind `badData` with the name and the advice of `finding(_:)`.
    public static func refuse(_ bytes: UnsafeRawBufferPointer, file: String) throws {
        guard let finding = finding(bytes) else { return }
        throw FoldinError(.badData, file: file, found: finding.name, expected: finding.advice)
    }
}
