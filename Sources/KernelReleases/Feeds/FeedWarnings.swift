/// Collects what is odd about a feed. A file can be odd a million times; people read the first few.
struct FeedWarnings {
  private static let most = 50
  private var texts: [String] = []
  private var count = 0

  mutating func append(_ text: @autoclosure () -> String) {
    count += 1
    if texts.count < Self.most { texts.append(text()) }
  }

  /// The first ones, and how many more there were.
  var list: [String] {
    count > texts.count ? texts + ["and \(count - texts.count) more of that kind"] : texts
  }
}
