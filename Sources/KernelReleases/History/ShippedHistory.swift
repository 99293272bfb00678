import BundledData
import HostSystem

/// The history that is compiled into the program.
package enum ShippedHistory {
  /// Reads the bundled tables. It takes a millisecond or two; callers keep the result.
  /// - Throws: ``TableError``
  package static func load() throws(TableError) -> ReleaseHistory {
    guard let releases = BundledFile.at("kernel/releases.tsv") else { throw TableError(table: "releases.tsv", line: 0) }
    let series = try seriesTable()
    // withBytes rethrows untyped errors, so the outcome travels as a value.
    let rows: Result<[ReleaseTable.Row], TableError> = releases.withBytes { bytes in
      do throws(TableError) {
        return .success(try ReleaseTable.parse(bytes))
      } catch {
        return .failure(error)
      }
    }
    return ReleaseHistory(rows: try rows.get(), series: series)
  }

  /// The bundled table of series alone.
  /// - Throws: ``TableError``
  package static func seriesTable() throws(TableError) -> SeriesTable {
    guard let series = BundledFile.at("kernel/series.tsv") else { throw TableError(table: "series.tsv", line: 0) }
    return try SeriesTable.parse(series.text)
  }
}
