/// What a file says and what may contradict itself, however well its JSON reads.
public protocol SelfChecking {
    /// The first contradiction, for an error; nil if there is none.
    var contradiction: (found: String, expected: String)? { get }
}
