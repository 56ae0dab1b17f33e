import FoldinClient
import Foundation

let client = FoldinClient(URL(string: "http://127.0.0.1:8080")!)
for item in try await client.recommendations(3, havingLiked: ["296", "318"]).items { print(item.title ?? item.item, item.score) }
