/// What a kernel says of itself, as text. Each may be empty: old kernels and images of another root say less.
package struct KernelStrings: Sendable, Equatable {
  /// `uname -r`: `6.1.0-37-amd64`.
  package let release: String
  /// `uname -v`: `#1 SMP PREEMPT_DYNAMIC Debian 6.1.140-1 (2025-05-22)`.
  package let version: String
  /// The line of `/proc/version`.
  package let banner: String
  /// The line of `/proc/version_signature`, which Ubuntu's kernels have.
  package let signature: String
  /// ID of the system's os-release, for kernels without a mark of their vendor; empty where the kernel is not the system's
  /// own, as in a container.
  package let distribution: String

  /// More than any of the texts has; what is longer is cut.
  private static let limit = 1024

  /// Takes the texts as they were read. What one of them lacks is taken from another: the banner holds the release and the
  /// version, and Ubuntu's signature in brackets at its end.
  package init(
    release: String = "", version: String = "", banner: String = "", signature: String = "", distribution: String = ""
  ) {
    func cleaned(_ text: String) -> String {
      var text = Substring(text.unicodeScalars.prefix(Self.limit).reduce(into: "") { $0.unicodeScalars.append($1) })
      while let last = text.unicodeScalars.last, last.value <= 0x20 { text = Substring(text.unicodeScalars.dropLast()) }
      while let first = text.unicodeScalars.first, first.value <= 0x20 {
        text = Substring(text.unicodeScalars.dropFirst())
      }
      return String(text)
    }
    let banner = cleaned(banner)
    let words = banner.split(separator: " ", maxSplits: 3)
    let shown = words.count > 2 && words[0] == "Linux" && words[1] == "version" ? String(words[2]) : ""
    var release = cleaned(release)
    // The personality that pretends to be 2.6 changes what uname(2) says, and nothing in /proc.
    if release.isEmpty || (Self.isPersonality(release) && !shown.isEmpty) { release = shown }
    self.release = release
    let version = cleaned(version)
    self.version = version.isEmpty ? Self.version(in: banner) : version
    self.banner = banner
    let signature = cleaned(signature)
    self.signature = signature.isEmpty ? Self.signature(in: banner) : signature
    self.distribution = cleaned(distribution)
  }

  /// Whether a release is the `2.6.(60+y)` of the personality; the series of 2.6 ended with 2.6.39.
  static func isPersonality(_ release: String) -> Bool {
    guard release.hasPrefix("2.6.") else { return false }
    return Int(release.dropFirst(4).prefix { $0.isNumber }).map { $0 >= 40 } ?? false
  }

  /// The `#1 SMP ...` of a banner, which stands behind the builder and the compiler.
  private static func version(in banner: String) -> String {
    var text = banner[...]
    var found = ""
    while let place = text.range(of: ") #") {
      let rest = text[place.upperBound...]
      if rest.first?.isNumber == true { found = "#" + rest }
      text = rest
    }
    return found
  }

  /// `Ubuntu 6.8.0-60.63-generic 6.8.12` of a banner that ends with it in brackets.
  private static func signature(in banner: String) -> String {
    guard banner.hasSuffix(")"), let open = banner.lastIndex(of: "(") else { return "" }
    let inside = banner[banner.index(after: open)...].dropLast()
    return inside.hasPrefix("Ubuntu ") ? String(inside) : ""
  }
}
