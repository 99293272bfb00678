/// A piece of code, as a recording speaks of it.
struct RecordedObject {
  enum Kind { case file, kernel, module, bpf, vdso, anonymous, jitCode, special }
  var kind: Kind
  /// As it is shown, and for a file its path.
  var name: String
  var buildID: [UInt8]?
  /// Whose the anonymous memory is; of a file the first process that had it mapped.
  var processID: Int32 = -1
  var frameKind: Frame.Kind
  /// Where a module begins, or the symbol that tells how far the kernel was moved.
  var base: UInt64 = 0
  /// The file of a module.
  var path: String?
  /// The one name of all its code, for pieces of code that are one function each.
  var symbol: String?

  /// `[ext4]` for `/lib/modules/6.1.0/kernel/fs/ext4/ext4.ko.xz`, as perf shows modules.
  static func moduleName(_ path: String) -> String {
    if path.hasPrefix("[") { return path }
    let file = path.split(separator: "/").last ?? ""
    guard let ending = file.range(ofBytes: ".ko") else { return path }
    return "[" + file[..<ending].map { $0 == "-" ? "_" : String($0) }.joined() + "]"
  }
}

extension Substring {
  /// Where the first of these ASCII characters begins.
  fileprivate func range(ofBytes wanted: String) -> Index? {
    var place = startIndex
    while place < endIndex {
      if self[place...].hasPrefix(wanted) { return place }
      place = index(after: place)
    }
    return nil
  }
}
