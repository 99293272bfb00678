package import HostSystem

/// Releases of some series that are stored, each once, with their days.
package struct KnownReleases: Sendable, Equatable {
  /// One of them.
  package struct Entry: Sendable, Equatable {
    package let version: KernelVersion
    /// nil where it is not known, or only inferred.
    package var day: CalendarDay?

    package init(_ version: KernelVersion, _ day: CalendarDay?) {
      self.version = version
      self.day = day
    }
  }

  /// In the order of their versions.
  package private(set) var entries: [Entry] = []

  /// - Parameter entries: no version twice; in their order it goes faster.
  package init(_ entries: [Entry] = []) {
    let isSorted = zip(entries, entries.dropFirst()).allSatisfy { $0.version < $1.version }
    self.entries = isSorted ? entries : entries.sorted { $0.version < $1.version }
  }

  /// The entry of a version; nil where it is none of these.
  package subscript(version: KernelVersion) -> Entry? {
    let place = place(of: version)
    return place < entries.count && entries[place].version == version ? entries[place] : nil
  }

  /// Adds a version, or corrects its day.
  package mutating func put(_ version: KernelVersion, _ day: CalendarDay?) {
    let place = place(of: version)
    if place < entries.count, entries[place].version == version {
      entries[place].day = day
    } else {
      entries.insert(Entry(version, day), at: place)
    }
  }

  /// The newest of the same final, of the same line.
  /// - Parameter limit: only what is older than this counts; nil for no limit.
  package func newest(ofFinalOf version: KernelVersion, before limit: KernelVersion? = nil) -> KernelVersion? {
    entries[..<(limit.map { place(of: $0) } ?? entries.count)].last {
      $0.version.line == version.line && $0.version.final == version.final
    }?.version
  }

  /// Where a version is, or would be.
  private func place(of version: KernelVersion) -> Int { entries.partitionPoint { $0.version < version } }
}
