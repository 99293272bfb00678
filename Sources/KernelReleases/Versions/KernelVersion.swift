package import HostSystem

/// The version of a kernel release: `4.15-rc6`, `4.15`, `4.15.1`, `2.6.39.4`, `6.12.1-rc2`, or a linux-next snapshot
/// `next-20261123`.
///
/// Grammar: `[v]A.B[.C[.D]][-rcN]`, where only versions that begin with 2 have a fourth number, or `next-YYYYMMDD`. Numbers
/// have no leading zeros and at most eighteen digits. `6.12` and `6.12.0` are one version, written `6.12`.
///
/// Order: the four numbers, missing ones as 0; then the candidate number, a version without one behind its candidates.
/// Snapshots of linux-next are a line of their own, ordered by day; the operator puts that line before all releases so that
/// the order is total, but no snapshot is older or newer than a release.
package struct KernelVersion: Sendable, Hashable, CustomStringConvertible {
  /// Releases, or the daily snapshots of linux-next. Versions of different lines are not older or newer than each other.
  package enum Line: Int, Sendable {
    case linuxNext = 0
    case releases = 1
  }

  /// Releases, or linux-next.
  package let line: Line
  /// The four numbers; 0 where the version has none. Of a snapshot the first is the day as the number YYYYMMDD.
  package let numbers: Numbers
  /// The number behind `-rc`; ``noCandidate`` for anything else.
  package let candidateKey: Int

  /// The numbers of a version, compared from left to right.
  package struct Numbers: Sendable, Hashable, Comparable {
    /// `A` of `A.B.C.D`.
    package let first: Int
    /// `B`.
    package let second: Int
    /// `C`; 0 where the version has none.
    package let third: Int
    /// `D`, in versions that begin with 2; else 0.
    package let fourth: Int

    package init(_ first: Int, _ second: Int = 0, _ third: Int = 0, _ fourth: Int = 0) {
      self.first = first
      self.second = second
      self.third = third
      self.fourth = fourth
    }

    package static func < (left: Self, right: Self) -> Bool {
      (left.first, left.second, left.third, left.fourth) < (right.first, right.second, right.third, right.fourth)
    }
  }

  /// The candidate key of a version that is no candidate: larger than every candidate number.
  package static let noCandidate = Int.max

  /// - Parameter candidate: the number behind `-rc`; nil for a version that is no candidate.
  package init(numbers: Numbers, candidate: Int? = nil) {
    line = .releases
    self.numbers = numbers
    candidateKey = candidate ?? Self.noCandidate
  }

  /// The linux-next snapshot of a day.
  package init(linuxNext day: CalendarDay) {
    line = .linuxNext
    numbers = Numbers(day.year * 10_000 + day.month * 100 + day.day)
    candidateKey = Self.noCandidate
  }

  /// Reads a version as it stands in feeds and tags, nothing before or behind it.
  /// - Returns: nil when the text is no version.
  package init?(_ text: some StringProtocol) {
    var copy = String(text)
    let parsed = copy.withUTF8 { KernelVersion(bytes: $0) }
    guard let parsed else { return nil }
    self = parsed
  }

  /// The same for bytes, without making a `String`; for tables.
  package init?(bytes: UnsafeBufferPointer<UInt8>) {
    var reader = Reader(bytes: bytes)
    if reader.take("next-") {
      guard let day = reader.snapshotDay(), reader.isAtEnd else { return nil }
      self.init(linuxNext: day)
      return
    }
    reader.take("v")
    guard let first = reader.number(), reader.take("."), let second = reader.number() else { return nil }
    var third = 0
    var fourth = 0
    if reader.take(".") {
      guard let number = reader.number() else { return nil }
      third = number
      if reader.take(".") {
        guard first == 2, let number = reader.number() else { return nil }
        fourth = number
      }
    }
    var candidate: Int?
    if reader.take("-rc") {
      guard let number = reader.number(), number > 0 else { return nil }
      candidate = number
    }
    guard reader.isAtEnd else { return nil }
    self.init(numbers: Numbers(first, second, third, fourth), candidate: candidate)
  }

  private struct Reader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    @discardableResult
    mutating func take(_ word: StaticString) -> Bool {
      word.withUTF8Buffer { wanted in
        guard bytes.count - position >= wanted.count,
          bytes[position..<position + wanted.count].elementsEqual(wanted)
        else { return false }
        position += wanted.count
        return true
      }
    }

    /// Decimal digits without leading zeros. Eighteen of them always fit, so nothing can overflow.
    mutating func number() -> Int? {
      let start = position
      var value = 0
      while position < bytes.count, case let digit = bytes[position], (0x30...0x39).contains(digit) {
        guard position - start < 18 else { return nil }
        value = value * 10 + Int(digit - 0x30)
        position += 1
      }
      let count = position - start
      guard count > 0, count == 1 || bytes[start] != 0x30 else { return nil }
      return value
    }

    mutating func snapshotDay() -> CalendarDay? {
      guard bytes.count - position == 8, bytes[position] != 0x30, let value = number(), position == bytes.count
      else { return nil }
      return CalendarDay(year: value / 10_000, month: value / 100 % 100, day: value % 100)
    }
  }

  /// The candidate's number; nil for a version that is no candidate.
  package var candidate: Int? { candidateKey == Self.noCandidate ? nil : candidateKey }

  /// Whether the third number still belongs to the name of the series' finals, as it did up to 2.6.39.
  private var isOldScheme: Bool { numbers.first == 2 }

  /// The number that counts stable releases of a final; 0 for the final itself.
  package var stableNumber: Int { isOldScheme ? numbers.fourth : numbers.third }

  /// What kind of release this version is.
  package var kind: ReleaseKind {
    if line == .linuxNext { return .next }
    if candidate != nil { return .candidate }
    return stableNumber == 0 ? .final : .stable
  }

  /// Whether this is a candidate of a stable release (`6.12.1-rc2`), not of a final.
  package var isStableCandidate: Bool { candidate != nil && stableNumber > 0 }

  /// The final that the version belongs to: `6.1` of `6.1.172`, `4.15` of `4.15-rc6`, `2.6.39` of `2.6.39.4`.
  package var final: KernelVersion {
    KernelVersion(numbers: Numbers(numbers.first, numbers.second, isOldScheme ? numbers.third : 0))
  }

  /// The series that kernel.org files the version under: `6.1`, or `2.6.x`; nil for linux-next.
  package var series: String? {
    if line == .linuxNext { return nil }
    if numbers.first == 2, numbers.second == 6 { return "2.6.x" }
    return String(numbers.first) + "." + String(numbers.second)
  }

  /// The series of a final for everything that counts within one final: as ``series``, but `2.6.39` where that says `2.6.x`.
  package var cycleName: String { final.description }

  /// The version that the same final, or stable release, has as its candidate with this number.
  package func withCandidate(_ number: Int?) -> KernelVersion { KernelVersion(numbers: numbers, candidate: number) }

  /// The stable release with this number of the same final; the final itself for 0.
  package func withStableNumber(_ number: Int) -> KernelVersion {
    isOldScheme
      ? KernelVersion(numbers: Numbers(numbers.first, numbers.second, numbers.third, number))
      : KernelVersion(numbers: Numbers(numbers.first, numbers.second, number))
  }

  /// Whether another version is the next one by its number: the next candidate, or the next stable release, of one final.
  package func isFollowed(by other: KernelVersion) -> Bool {
    guard line == .releases, other.line == .releases, final == other.final else { return false }
    if let candidate { return other == withCandidate(candidate + 1) }
    return other == withStableNumber(stableNumber + 1)
  }

  /// The day of a linux-next snapshot; nil for a release.
  package var snapshotDay: CalendarDay? {
    guard line == .linuxNext else { return nil }
    let value = numbers.first
    return CalendarDay(year: value / 10_000, month: value / 100 % 100, day: value % 100)
  }

  /// The version as kernel.org writes it, without `v` and without a final `.0`.
  package var description: String {
    if line == .linuxNext { return "next-" + String(numbers.first) }
    // Piece by piece: an interpolation takes several times as long, and lists have tens of thousands of versions.
    var text = String(numbers.first)
    text.append(".")
    text.append(String(numbers.second))
    if isOldScheme || numbers.third != 0 {
      text.append(".")
      text.append(String(numbers.third))
    }
    if numbers.fourth != 0 {
      text.append(".")
      text.append(String(numbers.fourth))
    }
    if let candidate {
      text.append("-rc")
      text.append(String(candidate))
    }
    return text
  }
}

extension KernelVersion: Comparable {
  package static func < (left: Self, right: Self) -> Bool {
    if left.line != right.line { return left.line.rawValue < right.line.rawValue }
    if left.numbers != right.numbers { return left.numbers < right.numbers }
    return left.candidateKey < right.candidateKey
  }
}

extension KernelVersion: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let version = KernelVersion(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text.harmless) is no kernel version")
    }
    self = version
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
