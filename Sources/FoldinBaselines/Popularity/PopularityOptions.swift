import FoldinInteractions

extension ClosedFormFamily {
    /// Items by their number of clicks, the same for all users: `Popularity`.
    public static let popularity = ClosedFormFamily(Popularity.self, help: "items by their number of clicks") { _ in
        Popularity()
    }
}
