/// Numbers items in order of first appearance.
struct ItemNumbering {
    private(set) var order: [UInt32] = []
    private var numbers: [Int32]

    init(itemCount: Int) { numbers = [Int32](repeating: -1, count: itemCount) }

    @inline(__always)
    mutating func number(_ item: UInt32) -> Int32 {
        if numbers[Int(item)] < 0 {
            numbers[Int(item)] = Int32(order.count)
            order.append(item)
        }
        return numbers[Int(item)]
    }

    @inline(__always)
    func known(_ item: UInt32) -> Int32? { numbers[Int(item)] < 0 ? nil : numbers[Int(item)] }
}
