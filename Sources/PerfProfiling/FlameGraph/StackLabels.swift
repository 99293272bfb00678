/// How commands, threads and frames are named in folded text and in pictures.
package struct StackLabels: Hashable, Sendable {
  /// What stands at the root of a stack.
  package enum Root: Hashable, Sendable {
    case command, process, thread, none
  }

  package var root = Root.command
  /// `_[k]` behind frames of the kernel.
  package var marksKernel = false
  /// `_[j]` behind frames of code made at run time.
  package var marksJIT = false
  /// `_[i]` behind frames that the compiler put into their caller.
  package var marksInlined = false
  /// Whether names are those of FlameGraph's collapser.
  package var isCompatible = false
  /// The frames are those of folded text or of a reader that named them by FlameGraph's rules: nothing is to be changed.
  package var isVerbatim = false

  package init() {}

  /// The name of a thread at the root; nil where there is to be none.
  package func name(of thread: Profile.Thread) -> String? {
    if root == .none || thread.command.isEmpty && thread.threadID == nil { return nil }
    let process = thread.processID.map(String.init) ?? "?"
    let number = thread.threadID.map(String.init) ?? "?"
    let name =
      switch root {
      case .process: "\(thread.command)-\(process)"
      case .thread: "\(thread.command)-\(process)/\(number)"
      case .command, .none: thread.command
      }
    return isCompatible ? name.replacing(" ", with: "_") : Self.separated(name)
  }

  /// The names of a frame, outermost first; more than one only by FlameGraph's rules, which split `a->b`.
  package func names(of frame: Frame, isJava: Bool = false) -> [String] {
    if isVerbatim || frame.kind == .label {
      return [Self.separated((frame.name ?? "[unknown]") + (isVerbatim ? mark(frame.kind) : ""))]
    }
    if isCompatible {
      let object = frame.object ?? "[unknown]"
      return FrameText.compatibleNames(
        symbol: (frame.name ?? "[unknown]")[...], object: object[...],
        address: frame.address.map { String($0, radix: 16) }?[...] ?? "", isJava: isJava,
        marks: FrameText.Marks(kernel: marksKernel, jit: marksJIT, addresses: frame.address != nil))
    }
    return [Self.separated(frame.shownName + mark(frame.kind))]
  }

  private func mark(_ kind: Frame.Kind) -> String {
    switch kind {
    case .kernel, .guestKernel: marksKernel ? "_[k]" : ""
    case .jit: marksJIT ? "_[j]" : ""
    case .inlined: marksInlined ? "_[i]" : ""
    case .user, .label: ""
    }
  }

  /// Without what separates frames and lines.
  private static func separated(_ name: String) -> String {
    guard name.utf8.contains(where: { $0 == 0x3B || $0 == 0x0A || $0 == 0x0D }) else { return name }
    return String(decoding: name.utf8.map { $0 == 0x3B ? 0x3A : $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }, as: UTF8.self)
  }
}

extension Frame {
  /// The name; where there is none the object in brackets, with the address where it is kept.
  package var shownName: String {
    if let name { return name }
    let file = object.map { String($0.split(separator: "/").last ?? $0[...]) } ?? "unknown"
    let bare = file.hasPrefix("[") && file.hasSuffix("]") ? String(file.dropFirst().dropLast()) : file
    return address.map { "[\(bare) <\(String($0, radix: 16))>]" } ?? "[\(bare)]"
  }
}
