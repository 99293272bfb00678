import DebianPackages
import HostSystem

/// The numbers at the beginning of a release string, and what stands behind them.
struct LeadingNumbers: Equatable {
  /// `A.B.C` with the candidate that follows directly.
  let version: KernelVersion
  /// Whether a third number is written, or for 2.6 a fourth: `6.1.0` has one, `6.1` none.
  let hasStableNumber: Bool
  /// Everything behind.
  let rest: Substring

  /// - Returns: nil when the text does not begin with two numbers that can be a kernel's.
  init?(_ text: String) {
    var rest = Substring(text)
    func number() -> Int? {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard !digits.isEmpty, digits.utf8.count <= 6, let value = Int(digits) else { return nil }
      rest = rest.dropFirst(digits.count)
      return value
    }
    /// A dot and a number, or nothing.
    func next() -> Int? {
      let before = rest
      guard rest.first == "." else { return nil }
      rest = rest.dropFirst()
      if let value = number() { return value }
      rest = before
      return nil
    }
    guard let first = number(), let second = next() else { return nil }
    var third = next()
    // SUSE writes a candidate as `6.12.rc3`; a number behind the third belongs to whoever built the kernel, except in 2.6.
    let fourth = first == 2 && third != nil ? next() : nil
    guard (1...99).contains(first), second <= 999, third ?? 0 <= 99_999, fourth ?? 0 <= 99_999 else { return nil }
    if first > 2, rest.first == ".", let digit = rest.dropFirst().first, digit.isNumber {
      rest = rest.dropFirst().drop { $0.isASCII && $0.isNumber }
    }
    var candidate: Int?
    for mark in ["-rc", "~rc", ".rc"] where rest.hasPrefix(mark) {
      let digits = rest.dropFirst(mark.count).prefix { $0.isASCII && $0.isNumber }
      if digits.utf8.count <= 3, let value = Int(digits), value > 0 {
        candidate = value
        rest = rest.dropFirst(mark.count + digits.count)
        if third == nil { third = 0 }
      }
    }
    version = KernelVersion(
      numbers: KernelVersion.Numbers(first, second, third ?? 0, fourth ?? 0), candidate: candidate)
    hasStableNumber = first == 2 ? fourth != nil : third != nil
    self.rest = rest
  }
}

/// What was found out of a kernel's strings, while it is put together.
struct Finding {
  var upstream: KernelVersion?
  var base: KernelVersion?
  var confidence: KernelIdentity.Confidence
  var isModified = false
  var isGuess = false
  var note: String?
  var packageVersion: DebianVersion?

  init(
    upstream: KernelVersion? = nil, base: KernelVersion? = nil, confidence: KernelIdentity.Confidence,
    note: String? = nil
  ) {
    self.upstream = upstream
    self.base = base ?? upstream.flatMap { $0.line == .releases ? $0.final : nil }
    self.confidence = confidence
    self.note = note
  }

  /// The leading numbers are the release.
  init(leading: LeadingNumbers?) {
    self.init(upstream: leading?.version, confidence: leading == nil ? .vendor : .exact)
    guard let leading else { return }
    // `6.18.0-rc5-next-20261110`: a snapshot of linux-next, which is no release of its series.
    if let found = leading.rest.range(of: "next-"),
      let snapshot = KernelVersion(leading.rest[found.lowerBound...].prefix(13))
    {
      upstream = snapshot
    }
  }

  /// The leading numbers are the release, unless they are x.y.0, which then names only the series.
  init(leadingWithoutFinals leading: LeadingNumbers?) {
    self.init(leading: leading)
    guard let leading, leading.version.kind == .final, leading.hasStableNumber || leading.version.numbers.first == 2
    else { return }
    upstream = nil
    confidence = .series
  }

  // MARK: Vendors

  /// Debian's packages say their version in `uname -v`; before Debian 7 it stood only in the banner.
  static func debian(_ strings: KernelStrings, _ leading: LeadingNumbers?, word: String) -> Finding {
    let texts = [strings.version, strings.banner.hasBuilder(word) ? strings.banner : ""]
    for text in texts {
      guard let found = text.range(of: word + " ") else { continue }
      let name = text[found.upperBound...].prefix { $0 != " " && $0 != ")" }
      let version = DebianVersion(String(name))
      if var finding = Finding(debianVersion: version) {
        // A version of another series than the release is none of this kernel's.
        if let leading, finding.base != leading.version.final { break }
        finding.packageVersion = version
        return finding
      }
    }
    return Finding(leadingWithoutFinals: leading)
  }

  /// The upstream release in the version of a package that Debian, or somebody who keeps its way, built.
  /// - Returns: nil when the version does not begin with a kernel's numbers.
  init?(debianVersion version: DebianVersion) {
    var text = version.withoutRevision[...]
    if let colon = text.firstIndex(of: ":") { text = text[text.index(after: colon)...] }
    guard let leading = LeadingNumbers(String(text)) else { return nil }
    // Up to 2.6 the package's version had no stable number, though its kernel had the stable releases.
    if leading.version.numbers.first == 2, !leading.hasStableNumber, leading.version.candidate == nil {
      self.init(base: leading.version.final, confidence: .series)
      return
    }
    self.init(upstream: leading.version, confidence: .exact)
    if leading.rest.hasPrefix("-ckt") {
      isModified = true
      note = "It goes on after the end of its series with patches that Canonical's kernel team collected."
    }
  }

  /// `Ubuntu 6.8.0-60.63-generic 6.8.12`: what kernel, and of what release it is made.
  static func ubuntu(_ strings: KernelStrings, _ leading: LeadingNumbers?) -> Finding {
    let words = strings.signature.split(separator: " ")
    var packageVersion: DebianVersion?
    if words.count >= 2, words[0] == "Ubuntu", let hyphen = words[1].firstIndex(of: "-") {
      // The flavour stands behind the package's version: `6.8.0-60.63-generic`, `6.8.0-1010.10-aws`.
      let revision = words[1][words[1].index(after: hyphen)...]
      let flavour = revision.firstIndex(of: "-") ?? revision.endIndex
      packageVersion = DebianVersion(String(words[1][..<flavour]))
    }
    var finding: Finding
    if words.count >= 3, words[0] == "Ubuntu", let found = LeadingNumbers(String(words[2])), found.rest.isEmpty,
      leading == nil || leading?.version.final == found.version.final
    {
      finding = Finding(upstream: found.version, confidence: .exact)
    } else {
      finding = Finding(base: leading?.version.final, confidence: leading == nil ? .vendor : .series)
    }
    finding.packageVersion = packageVersion
    return finding
  }

  /// `6.1.0-060100rc5-generic`: two digits each for the first numbers, two or three for the stable number. Of 3.0 there are
  /// builds with four digits.
  static func mainline(_ strings: KernelStrings, _ leading: LeadingNumbers?) -> Finding {
    guard let leading else { return Finding(confidence: .vendor) }
    let series = Finding(base: leading.version.final, confidence: .series)
    let block = leading.rest.drop { $0 == "-" }
    let digits = block.prefix { $0.isASCII && $0.isNumber }
    let isOld = leading.version.numbers.first == 2
    guard (4...9).contains(digits.utf8.count) else { return series }
    var numbers: [Int] = []
    var rest = digits
    for _ in 0..<(isOld ? 3 : 2) {
      numbers.append(Int(rest.prefix(2)) ?? 0)
      rest = rest.dropFirst(2)
    }
    numbers.append(Int(rest) ?? 0)
    let version =
      isOld
      ? KernelVersion.Numbers(numbers[0], numbers[1], numbers[2], numbers[3])
      : KernelVersion.Numbers(numbers[0], numbers[1], numbers[2])
    var candidate: Int?
    let tail = block.dropFirst(digits.count)
    if tail.hasPrefix("rc") {
      guard let number = Int(tail.dropFirst(2).prefix { $0.isASCII && $0.isNumber }), number > 0 else { return series }
      candidate = number
    } else if !tail.hasPrefix("-") {
      // `060700daily20240101`: what lay in the tree on that day.
      var finding = series
      finding.isModified = true
      return finding
    }
    let found = KernelVersion(numbers: version, candidate: candidate)
    guard found.final == leading.version.final else { return series }
    return Finding(upstream: found, confidence: .exact)
  }

  /// Fedora's packages of candidates have the release `0.rcN`, with a snapshot of git between two candidates.
  static func fedora(_ strings: KernelStrings, _ leading: LeadingNumbers?) -> Finding {
    var finding = Finding(leading: leading)
    guard let leading, leading.rest.hasPrefix("-0.") else { return finding }
    let parts = leading.rest.dropFirst().split(separator: ".")
    guard parts.count >= 2, parts[1].hasPrefix("rc"), let number = Int(parts[1].dropFirst(2)), number < 1000 else {
      return finding
    }
    // `20211028git1fc596a56b33` or, before, `git4`; git0 is the candidate itself.
    if parts.count >= 3, let found = parts[2].range(of: "git"), parts[2][found.upperBound...] != "0" {
      finding.isModified = true
      finding.note = "A snapshot of git from after rc\(number)."
    }
    if number == 0 {
      // From the merge window: after the final before, and no candidate yet.
      finding.upstream = nil
      finding.confidence = .series
      finding.note = "A snapshot of git from the merge window before rc1."
    } else {
      finding.upstream = leading.version.withCandidate(number)
    }
    return finding
  }

  // MARK: What a build adds

  /// Marks what scripts/setlocalversion and patches leave in the release string: `-00011-g129e6749df31`, `-dirty`, `+`,
  /// `-rt35`.
  mutating func look(atEndOf release: String) {
    guard upstream != nil else { return }
    var hints: [String] = []
    for word in release.split(separator: "-").dropFirst() {
      if word == "dirty" { hints.append("changes that were not committed") }
      if word.hasPrefix("rt"), word.utf8.count > 2, word.utf8.dropFirst(2).allSatisfy({ (0x30...0x39).contains($0) }) {
        hints.append("the -rt patch")
      }
      // `g` and at least seven hexadecimal digits; SUSE joins it to the number of its package.
      let commit = word.split(separator: ".").last ?? word
      if commit.hasPrefix("g"), (7...40).contains(commit.utf8.count - 1), commit.dropFirst().allSatisfy(\.isHexDigit),
        commit.contains(where: \.isNumber)
      {
        hints.append("local commits")
      }
    }
    if release.hasSuffix("+") { hints.append("local commits") }
    guard !hints.isEmpty else { return }
    isModified = true
    var seen: Set<String> = []
    let unique = hints.filter { seen.insert($0).inserted }
    note = note ?? "With \(unique.joined(separator: " and "))."
  }
}

extension String {
  /// Whether a banner names the package directly behind the release: `Linux version 2.6.32-5-amd64 (Debian 2.6.32-48) ...`.
  fileprivate func hasBuilder(_ word: String) -> Bool {
    let words = split(separator: " ", maxSplits: 4)
    return words.count > 3 && words[3] == "(" + word
  }
}

extension StringProtocol {
  /// The first place of a text, compared byte by byte.
  func range(of text: String) -> Range<Index>? {
    guard !text.isEmpty else { return nil }
    var start = startIndex
    while start < endIndex {
      if self[start...].utf8.starts(with: text.utf8) { return start..<utf8.index(start, offsetBy: text.utf8.count) }
      start = utf8.index(after: start)
    }
    return nil
  }
}
