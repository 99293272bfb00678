/// How many typing mistakes lie between two words: a letter too many, too few, another one, or two neighbours swapped
/// (the optimal string alignment form of Damerau's distance).
/// - Parameter limit: the largest distance of interest; the work stops beyond it.
/// - Returns: nil when the words are further apart than `limit`.
func wordDistance(_ left: some RandomAccessCollection<UInt8>, _ right: [UInt8], limit: Int) -> Int? {
  let left = Array(left)
  guard abs(left.count - right.count) <= limit else { return nil }
  var twoBack: [Int] = []
  var previous = Array(0...right.count)
  for row in left.indices {
    var current = [row + 1]
    current.reserveCapacity(right.count + 1)
    for column in right.indices {
      var best = min(
        previous[column] + (left[row] == right[column] ? 0 : 1), previous[column + 1] + 1, current[column] + 1)
      if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
        best = min(best, twoBack[column - 1] + 1)
      }
      current.append(best)
    }
    guard current.contains(where: { $0 <= limit }) else { return nil }
    (twoBack, previous) = (previous, current)
  }
  return previous[right.count] <= limit ? previous[right.count] : nil
}
