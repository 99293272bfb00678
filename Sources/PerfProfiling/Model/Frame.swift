/// One place in a program, as it is shown: what a box of a flame graph stands for.
package struct Frame: Hashable, Sendable {
  /// Where the code runs and how it came to be there.
  package enum Kind: UInt8, Hashable, Sendable {
    /// Code of a program or a library.
    case user
    /// Code of the kernel, of a module or of a BPF program.
    case kernel
    /// Code of a hypervisor or of a guest's kernel.
    case guestKernel
    /// Code that a runtime wrote at run time (perf map, jitdump).
    case jit
    /// A function that the compiler put into its caller.
    case inlined
    /// No code: a label that stands in for something, as `[no stack]` does.
    case label
  }

  /// The demangled name without an offset; nil where no symbol was found.
  package var name: String?
  /// The object that the code is from, as perf spells it: a path, `[kernel.kallsyms]`, `[vdso]`, `//anon`; nil where unknown.
  package var object: String?
  package var kind: Kind
  /// The address within the object, only where there is no name and addresses were asked for.
  package var address: UInt64?
  /// File and line, only where they were asked for.
  package var sourceLine: String?

  package init(
    name: String?, object: String? = nil, kind: Kind = .user, address: UInt64? = nil, sourceLine: String? = nil
  ) {
    self.name = name
    self.object = object
    self.kind = kind
    self.address = address
    self.sourceLine = sourceLine
  }
}
