import Foundation

/// A dataset at its publisher's address.
struct PublishedDataset {
    let name: String
    let description: String
    let address: String
    /// The publisher's MD5 of the file at `address`, if one is known.
    let md5: String?
    /// The ratings file in the dataset's directory.
    let ratings: String
    /// The titles file there, if there is one.
    let titles: String?

    var isArchive: Bool { address.hasSuffix(".zip") }

    /// The last part of the address.
    var fileName: String { (address as NSString).lastPathComponent }

    static let all = [
        movieLens("ml-100k", "MovieLens 100K: 100,000 ratings", "0e33842e24a9c977be4e0107933c0723", "u.data", "u.item"),
        movieLens("ml-1m", "MovieLens 1M: 1,000,209 ratings", "c4d9eecfca2ab87c1945afe126590906", "ratings.dat", "movies.dat"),
        movieLens("ml-20m", "MovieLens 20M: 20,000,263 ratings", "cd245b17a1ae2cc31bb14903e1204af3", "ratings.csv", "movies.csv"),
        movieLens("ml-25m", "MovieLens 25M: 25,000,095 ratings", "6b51fb2759a8657d3bfcbfc42b592ada", "ratings.csv", "movies.csv"),
        movieLens("ml-32m", "MovieLens 32M: 32,000,204 ratings", "d472be332d4daa821edc399621853b57", "ratings.csv", "movies.csv"),
        PublishedDataset(
            name: "amazon-movies-tv", description: "Amazon reviews of 2014, Movies and TV, 5-core: 1,697,533 reviews",
            address: "https://snap.stanford.edu/data/amazon/productGraph/categoryFiles/reviews_Movies_and_TV_5.json.gz",
            md5: nil, ratings: "reviews_Movies_and_TV_5.json.gz", titles: nil),
    ]

    private static func movieLens(
        _ name: String, _ description: String, _ md5: String, _ ratings: String, _ titles: String
    ) -> PublishedDataset {
        PublishedDataset(
            name: name, description: description, address: "https://files.grouplens.org/datasets/movielens/\(name).zip", md5: md5,
            ratings: ratings, titles: titles)
    }

    /// The directory in `$FOLDIN_DATASETS` that holds it, or nil.
    var localDirectory: String? {
        guard let root = ProcessInfo.processInfo.environment["FOLDIN_DATASETS"], !root.isEmpty else { return nil }
        let directory = (root as NSString).appendingPathComponent(name)
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory) && isDirectory.boolValue
            ? directory : nil
    }

    /// The ratings file in `directory`, also a copy that was converted to CSV.
    func ratingsFile(in directory: String) -> String? { file([ratings, "ratings.csv", "ratings.dat"], in: directory) }

    /// The titles file in `directory`.
    func titlesFile(in directory: String) -> String? {
        file([titles, "movies.csv", "movies.dat"].compactMap { $0 }, in: directory)
    }

    private func file(_ names: [String], in directory: String) -> String? {
        names.map { (directory as NSString).appendingPathComponent($0) }.first { FileManager.default.fileExists(atPath: $0) }
    }
}
