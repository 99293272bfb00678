package import DebianPackages

/// Which upstream release a kernel is, and whose build.
package struct KernelIdentity: Sendable, Equatable {
  /// `uname -r`.
  package let release: String
  /// The upstream release; nil where only its series or its base is known, or nothing.
  package let upstream: KernelVersion?
  /// The final that ``upstream`` belongs to, or that the kernel's numbers name: of the series, or of the frozen base.
  package let base: KernelVersion?
  /// Whose kernel it is.
  package let vendor: Vendor
  /// How well the upstream release is known.
  package let confidence: Confidence
  /// Whether the release is not all: local commits, an -rt patch, a snapshot of git between two candidates.
  package let isModified: Bool
  /// Whether no rule knows the kernel, so that its leading numbers were taken at their word.
  package let isGuess: Bool
  /// One sentence on what is special; nil where nothing is.
  package let note: String?
  /// The version of the package that the kernel says it was built as (`6.1.140-1`); nil where it does not say.
  package let packageVersion: DebianVersion?

  /// Who built a kernel.
  package struct Vendor: Sendable, Hashable {
    /// `debian`, `ubuntu`, and so on, as in `Data/kernel/vendors.yaml`; `custom` where no rule knows it.
    package let id: String
    /// For people.
    package let name: String
    /// Whether it keeps its kernels alive after the end of their series, so that such an end says nothing of them.
    package let hasOwnSupport: Bool

    package init(id: String, name: String, hasOwnSupport: Bool = false) {
      self.id = id
      self.name = name
      self.hasOwnSupport = hasOwnSupport
    }

    /// A kernel that no rule knows.
    package static let custom = Vendor(id: "custom", name: "not a known vendor's")
  }

  /// How well the upstream release is known. A kernel that is modified, or guessed from its leading numbers, is `exact` too:
  /// its release names one upstream release, and ``isModified`` and ``isGuess`` say what else is to be known.
  package enum Confidence: String, Sendable, Codable {
    /// ``upstream`` is the release that the kernel was built from.
    case exact
    /// Only the series is known: ``base``.
    case series
    /// The kernel is its vendor's own, frozen on ``base`` with much taken over from newer ones, or nothing is known. No
    /// upstream release compares with it.
    case vendor
  }

  /// The upstream release as far as it is known: `6.1.140`, or `6.8.x` for a series; nil where it is not.
  package var upstreamText: String? {
    if let upstream { return upstream.description }
    return confidence == .series ? base.map { $0.description + ".x" } : nil
  }
}

extension KernelIdentity {
  /// Finds out what a kernel is from what it says.
  package init(_ strings: KernelStrings, vendors: VendorTable) {
    let rule =
      vendors.rules.first { $0.matches(strings) }
      ?? vendors.rules.first { !strings.distribution.isEmpty && $0.distributions.contains(strings.distribution) }
    let leading = LeadingNumbers(strings.release)
    var finding: Finding
    switch rule?.numbers {
    case nil:
      finding = Finding(leading: leading)
      finding.isGuess = finding.upstream != nil
    case .leading: finding = Finding(leading: leading)
    case .series: finding = Finding(leadingWithoutFinals: leading)
    case .debian: finding = .debian(strings, leading, word: rule?.word ?? "")
    case .ubuntu: finding = .ubuntu(strings, leading)
    case .mainline: finding = .mainline(strings, leading)
    case .fedora: finding = .fedora(strings, leading)
    case .frozen: finding = Finding(base: leading?.version.final, confidence: .vendor)
    case .imitation: finding = Finding(confidence: .vendor)
    }
    if rule?.numbers != .debian, rule?.numbers != .frozen { finding.look(atEndOf: strings.release) }
    self.init(
      release: strings.release, upstream: finding.upstream, base: finding.base,
      vendor: rule.map { Vendor(id: $0.id, name: $0.name, hasOwnSupport: $0.hasOwnSupport) } ?? .custom,
      confidence: finding.confidence,
      isModified: finding.isModified, isGuess: finding.isGuess, note: rule?.note ?? finding.note,
      packageVersion: finding.packageVersion)
  }
}
