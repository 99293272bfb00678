import Compression
package import DebianPackages
package import HostSystem

/// A file that cannot be a baseline. None of these is ever taken for "nothing is stock".
package enum BaselineFileError: ReportableError, Equatable {
  /// The compressed form is cut or damaged, or opens to a flood; the text says which.
  case compressed(path: String, reason: String)
  /// There is nothing in it besides blank lines and comments.
  case empty(path: String)
  /// It reads well and names no package that is installed: a record of removals, or of snaps alone.
  case noPackage(path: String)
  /// A NUL byte: a binary file.
  case nulByte(path: String, line: Int)
  /// A control character that no list of packages holds.
  case controlCharacter(path: String, line: Int, byte: UInt8)
  /// Text of another encoding than UTF-8.
  case notUTF8(path: String, line: Int)
  /// An HTML or XML page, as a server sends in place of a file that is not there.
  case markup(path: String, line: Int)
  /// A list of what an archive offers: everything would be stock.
  case archiveList(path: String, line: Int, package: String)
  /// The record of the installer's own environment: its packages never were on the installed system.
  case installerEnvironment(path: String, line: Int, package: String)
  /// Something that can be told, and is no baseline.
  case otherDocument(path: String, line: Int, what: String, remedy: String)
  /// JSON that is cut or malformed, or lacks what a saved baseline has.
  case malformedJSON(path: String, line: Int, what: String)
  /// A baseline saved by a later version of this program.
  case newerSchema(path: String, schema: String)
  /// More lines than a few are no names of packages; the first of them is shown.
  case malformedLines(path: String, line: Int, text: String, count: Int, of: Int)
  /// A dpkg status whose stanzas cannot be read.
  case stanza(Deb822Error)

  package var failureKind: FailureKind { .badData }

  private static let wanted = "give a list of packages, such as an image's manifest or the output of 'dpkg-query -W'"

  package var message: String {
    switch self {
    case .compressed(let path, let reason): "\(path): \(reason), or name another baseline with --baseline"
    case .empty(let path): "\(path): is empty, and an empty baseline would make nothing stock; \(Self.wanted)"
    case .noPackage(let path): "\(path): names no installed package; \(Self.wanted)"
    case .nulByte(let path, let line): "\(path):\(line): a NUL byte: this is no text; \(Self.wanted)"
    case .controlCharacter(let path, let line, let byte):
      "\(path):\(line): byte 0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16)) is not text; \(Self.wanted)"
    case .notUTF8(let path, let line): "\(path):\(line): is not UTF-8; convert it with 'iconv -t UTF-8'"
    case .markup(let path, let line):
      "\(path):\(line): is a page of HTML or XML, perhaps in place of a file that was not there; fetch the list itself"
    case .archiveList(let path, let line, let package):
      "\(path):\(line): '\(package)' has no Status: this lists what an archive offers, not what is installed; \(Self.wanted)"
    case .installerEnvironment(let path, let line, let package):
      "\(path):\(line): '\(package)' is a part of the installer: this records the installer's own environment, not the"
        + " installed system; take /var/log/installer/initial-status.gz where there is one"
    case .otherDocument(let path, let line, let what, let remedy): "\(path):\(line): \(what); \(remedy)"
    case .malformedJSON(let path, let line, let what):
      "\(path):\(line): no baseline saved by toolbox: \(what); save it anew with 'toolbox reset baseline save'"
    case .newerSchema(let path, let schema):
      "\(path): has the schema '\(schema)', which this version does not know; use the version that saved it"
    case .malformedLines(let path, let line, let text, let count, let total):
      "\(path):\(line): '\(text)' is not the name of a package"
        + (count > 1 ? " (\(count) such lines of \(total))" : "") + "; \(Self.wanted)"
    case .stanza(let error): error.message
    }
  }
}
