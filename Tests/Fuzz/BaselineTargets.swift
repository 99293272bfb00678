import Compression
import HostSystem
import SystemReset

/// A baseline of any form: no stanza is lost, and line ends and a byte order mark change nothing.
@Sendable func fuzzBaselineFile(_ bytes: UnsafeBufferPointer<UInt8>) {
  guard let file = try? BaselineFile(parsing: Array(bytes), path: "baseline") else { return }
  require(!file.members.isEmpty || !file.snaps.isEmpty || !file.withdrawn.isEmpty, "nothing would be stock")
  require(file.members.allSatisfy { !$0.name.isEmpty })
  require(file.withdrawn.isDisjoint(with: file.members.map(\.name)))
  guard CompressionFormat(magicOf: bytes) == nil else { return }
  if file.format == .status, file.notes.isEmpty {
    require(file.members.count == packageLines(withoutMark(bytes)), "a package is lost")
  }
  if file.format != .saved, !bytes.contains(0x0D) {
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    let foreign = Array(lines.joined(separator: [0x0D, 0x0A]))
    let same = try? BaselineFile(parsing: foreign, path: "baseline")
    require(same?.members == file.members && same?.snaps == file.snaps, "line ends change it")
  }
  if !bytes.starts(with: mark) {
    let same = try? BaselineFile(parsing: mark + Array(bytes), path: "baseline")
    require(same?.members == file.members && same?.snaps == file.snaps, "a byte order mark changes it")
  }
}

private let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

private func withoutMark(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
  bytes.starts(with: mark) ? UnsafeBufferPointer(rebasing: bytes[mark.count...]) : bytes
}

/// Compressed data: never more than the limit, the same in pieces, and cut it opens to a beginning of itself or not at all.
@Sendable func fuzzCompressed(_ bytes: UnsafeBufferPointer<UInt8>) {
  let limit = 1 << 20
  guard let content = try? Decompression.open(bytes, limit: limit) else { return }
  require(content.count <= limit)
  require((try? Decompression.open(bytes, limit: content.count)) == content)
  if !content.isEmpty {
    require((try? Decompression.open(bytes, limit: content.count - 1)) == nil, "the limit is not kept")
  }
  guard let format = CompressionFormat(magicOf: bytes) else { return }
  var pieces: [UInt8] = []
  try? Decompression.stream(bytes, format) { pieces += $0 }
  require(pieces == content)
  for count in [bytes.count / 2, bytes.count - 1] {
    guard let part = try? Decompression.open(UnsafeBufferPointer(rebasing: bytes[..<count]), limit: limit) else {
      continue
    }
    // Of so few bytes nothing tells that they were compressed once.
    if count >= 6 { require(content.starts(with: part), "the beginning opens to something else") }
  }
}
