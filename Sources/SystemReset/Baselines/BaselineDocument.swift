import DebianPackages
import FoundationEssentials
package import HostSystem

/// A baseline as toolbox saves it: the document `toolbox.reset.baseline/1`, described in `Data/schemas/toolbox.reset.baseline.1.json`.
package struct BaselineDocument: Sendable, Codable, Equatable {
  package var schema = BaselineDocument.schemaName
  /// The day on which it was saved, `YYYY-MM-DD` in UTC.
  package var date: String
  package var system: System
  /// Sorted by name, then by architecture.
  package var packages: [Package]
  /// The names of snaps, sorted.
  package var snaps: [String]

  package static let schemaName = "toolbox.reset.baseline/1"
  /// The place in a root where a saved baseline is looked for.
  package static let path = "/var/lib/toolbox/reset/baseline.json"

  /// The system that was saved.
  package struct System: Sendable, Codable, Equatable {
    package var id: String
    @Nullable package var versionId: String?
    @Nullable package var codename: String?
    /// As dpkg names it.
    package var architecture: String
  }

  /// A package that was installed.
  package struct Package: Sendable, Codable, Equatable {
    package var name: String
    package var architecture: String
    package var version: String
    /// Whether it was there only because others need it; null where the system did not know.
    @Nullable package var automatic: Bool?
  }

  /// What to save of a system: every package that is wholly installed, with its mark.
  ///
  /// Where not one package is marked automatic the marks were lost or never made, and none is saved.
  /// - Parameter day: today.
  /// - Parameter snaps: the names of the installed snaps.
  package init(_ snapshot: SystemSnapshot, day: CalendarDay, snaps: [String] = []) {
    let installed = snapshot.graph.packages.filter { $0.state != .halfInstalled }
    let marks = installed.map { snapshot.marks.isAutomatic($0.id, nativeArchitecture: snapshot.architecture) }
    let marksTell = marks.contains(true)
    date = day.description
    system = System(
      id: snapshot.release.id, versionId: snapshot.release.versionID, codename: snapshot.release.codename,
      architecture: snapshot.architecture)
    packages = zip(installed, marks).map { (package, isAutomatic) in
      Package(
        name: package.id.name, architecture: package.id.architecture, version: package.version.text,
        automatic: marksTell ? isAutomatic : nil)
    }.sorted { ($0.name, $0.architecture) < ($1.name, $1.architecture) }
    self.snaps = Set(snaps).sorted()
  }

  /// The packages that are wholly installed, as members of a baseline without marks.
  static func members(of snapshot: SystemSnapshot) -> [Baseline.Member] {
    snapshot.graph.packages.filter { $0.state != .halfInstalled }.map {
      Baseline.Member(name: $0.id.name, architecture: $0.id.architecture, version: $0.version.text)
    }
  }

  /// The bytes to write: JSON with sorted keys in snake_case and a line feed at the end.
  package func encoded() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return Array(try encoder.encode(self)) + [0x0A]
  }

  /// Reads a saved document.
  /// - Throws: ``BaselineFileError``
  static func content(
    _ bytes: UnsafeBufferPointer<UInt8>, path: String
  ) throws(BaselineFileError) -> BaselineFile.Content {
    struct Head: Decodable { var schema: String? }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let data = Data(bytes)
    let document: BaselineDocument
    do {
      let schema = try decoder.decode(Head.self, from: data).schema ?? ""
      guard schema == schemaName else { throw wrongSchema(schema, path: path) }
      document = try decoder.decode(BaselineDocument.self, from: data)
    } catch let error as BaselineFileError {
      throw error
    } catch {
      throw malformed(error, path: path)
    }
    return try document.content(path: path)
  }

  private func content(path: String) throws(BaselineFileError) -> BaselineFile.Content {
    guard CalendarDay(date) != nil else {
      throw .malformedJSON(path: path, line: 1, what: "'\(String(date.prefix(40)).harmless)' is not a day")
    }
    var content = BaselineFile.Content(format: .saved, date: date, system: system)
    var seen: Set<String> = []
    for package in packages {
      guard PackageRows.isPackageName(package.name.utf8), PackageRows.isArchitecture(package.architecture.utf8) else {
        let name = "\(package.name):\(package.architecture)".prefix(60)
        throw .malformedJSON(path: path, line: 1, what: "'\(String(name).harmless)' is not a package")
      }
      guard seen.insert("\(package.name):\(package.architecture)").inserted else {
        throw .malformedJSON(
          path: path, line: 1, what: "package '\(package.name):\(package.architecture)' stands there twice")
      }
      content.members.append(
        Baseline.Member(
          name: package.name, architecture: package.architecture, version: package.version,
          isAutomatic: package.automatic))
    }
    if content.members.isEmpty { throw .noPackage(path: path) }
    content.snaps = snaps.map { BaselineFile.Snap(name: $0, channel: nil, revision: nil) }
    return content
  }

  private static func wrongSchema(_ schema: String, path: String) -> BaselineFileError {
    if schema.hasPrefix("toolbox.reset.baseline/") {
      return .newerSchema(path: path, schema: String(schema.prefix(60)).harmless)
    }
    let what = schema.isEmpty ? "JSON without a schema" : "a document '\(String(schema.prefix(60)).harmless)'"
    return .otherDocument(
      path: path, line: 1, what: "this is \(what), not a baseline",
      remedy: "give a file written by 'toolbox reset baseline save'")
  }

  /// The decoder's word, with the line where it gives one.
  private static func malformed(_ error: any Error, path: String) -> BaselineFileError {
    guard let error = error as? DecodingError else {
      return .malformedJSON(path: path, line: 1, what: "\(error)".harmless)
    }
    switch error {
    case .dataCorrupted(let context):
      let reason = context.underlyingError.map { "\($0)" } ?? context.debugDescription
      let digits = reason.split(separator: "around line ").dropFirst().first?.prefix { $0.isNumber }
      return .malformedJSON(
        path: path, line: digits.flatMap { Int($0) } ?? 1, what: "the JSON is cut or malformed")
    case .keyNotFound(let key, let context):
      return .malformedJSON(path: path, line: 1, what: "\(place(context.codingPath + [key])) is missing")
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return .malformedJSON(
        path: path, line: 1, what: "\(place(context.codingPath)) is not what it should be")
    @unknown default:
      return .malformedJSON(path: path, line: 1, what: "\(error)".harmless)
    }
  }

  private static func place(_ keys: [any CodingKey]) -> String {
    let words = keys.map { key in key.intValue.map { "[\($0)]" } ?? key.stringValue }
    return words.isEmpty ? "the document" : String(words.joined(separator: ".").prefix(80)).harmless
  }
}
