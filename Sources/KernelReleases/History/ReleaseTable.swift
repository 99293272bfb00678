import HostSystem

/// The reader of `Data/kernel/releases.tsv`.
package enum ReleaseTable {
  /// A release of the table.
  package struct Row: Sendable, Hashable {
    /// The version of the row.
    package let version: KernelVersion
    /// Its day, and whether that is inferred.
    package let date: ReleaseDate
  }

  /// Reads the table in one pass over its bytes: version, tab, `YYYY-MM-DD`, and a tilde where the day is inferred. Lines
  /// that begin with `#` are comments.
  /// - Returns: the rows in the order of the file, which is the order of the versions.
  /// - Throws: ``TableError`` with the line, counted from 1.
  package static func parse(_ bytes: UnsafeBufferPointer<UInt8>) throws(TableError) -> [Row] {
    var rows: [Row] = []
    rows.reserveCapacity(bytes.count / 20)
    var position = 0
    var number = 0
    while position < bytes.count {
      number += 1
      var end = position
      var tab = -1
      while end < bytes.count, bytes[end] != 0x0A {
        if bytes[end] == 0x09, tab < 0 { tab = end }
        end += 1
      }
      defer { position = end + 1 }
      if end == position || bytes[position] == 0x23 { continue }
      let isInferred = bytes[end - 1] == 0x7E
      guard tab > position, (isInferred ? end - 1 : end) - tab - 1 == 10,
        let version = KernelVersion(bytes: UnsafeBufferPointer(rebasing: bytes[position..<tab])),
        let day = day(UnsafeBufferPointer(rebasing: bytes[tab + 1..<tab + 11]))
      else { throw TableError(table: "releases.tsv", line: number) }
      rows.append(Row(version: version, date: ReleaseDate(day, isInferred ? .inferred : .exact)))
    }
    return rows
  }

  /// `YYYY-MM-DD`, exactly ten bytes.
  private static func day(_ bytes: UnsafeBufferPointer<UInt8>) -> CalendarDay? {
    func number(_ range: Range<Int>) -> Int? {
      var value = 0
      for index in range {
        guard (0x30...0x39).contains(bytes[index]) else { return nil }
        value = value * 10 + Int(bytes[index] - 0x30)
      }
      return value
    }
    guard bytes[4] == 0x2D, bytes[7] == 0x2D, let year = number(0..<4), let month = number(5..<7),
      let day = number(8..<10)
    else { return nil }
    return CalendarDay(year: year, month: month, day: day)
  }
}
