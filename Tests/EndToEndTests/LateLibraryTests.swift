import Glibc
import TestSupport
import Testing

/// Libraries that are opened when something of theirs is needed, on a machine that has not all of them.
@Suite struct LateLibraryTests {
  static let obstacle: String? =
    geteuid() != 0
    ? "only root can hide a library"
    : access("/usr/bin/unshare", X_OK) != 0 ? "unshare is not installed" : nil

  @Test(.enabled(if: obstacle == nil, "\(obstacle ?? "")"))
  func `a library that is missing is named by what needs it, and by nothing else`() async throws {
    let directory = try TemporaryDirectory()
    let feed = try directory.write("feed.xml", text: #"<?xml version="1.0"?><rss version="2.0"><channel/></rss>"#)
    // The first bytes are enough to tell the forms.
    let forms: [(name: String, library: String, start: [UInt8])] = [
      ("xz", "liblzma.so.5", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]), ("lz4", "liblz4.so.1", [0x04, 0x22, 0x4D, 0x18]),
      ("zstd", "libzstd.so.1", [0x28, 0xB5, 0x2F, 0xFD]),
    ]
    for form in forms { try directory.write(form.name, form.start) }
    // Where the loader finds each of them, an empty file is shown to this program alone.
    let hide = #"""
      for library in libexpat.so.1 liblzma.so.5 liblz4.so.1 libzstd.so.1; do
        for path in $(ldconfig -p | awk -v name="$library" '$1 == name { print $NF }'); do
          mount --bind /dev/null "$(readlink -f "$path")" || exit 99
        done
      done
      exec "$@"
      """#
    func run(_ arguments: String...) async throws -> ToolboxProcess.Outcome {
      try await ToolboxProcess.run(
        path: "/usr/bin/unshare",
        ["--mount", "--propagation", "private", "sh", "-c", hide, "sh", ToolboxProcess.path] + arguments)
    }
    let sheet = try await run("perf")
    if sheet.status == 99 || sheet.errors.contains("unshare") {
      print("skipped: this machine allows no mount namespace")
      return
    }
    #expect(sheet.status == 0 && sheet.errors.isEmpty, "\(sheet.errors)")
    let database = directory("kernel.sqlite")
    let imported = try await run("kernel", "import", feed, "--database", database)
    #expect(imported.status == 69, "\(imported.errors)")
    #expect(
      imported.errors.contains("it is XML, which cannot be read here") && imported.errors.contains("libexpat.so.1"),
      "\(imported.errors)")
    for form in forms {
      let folded = try await run("perf", "collapse", directory(form.name))
      #expect(folded.status == 69, "\(folded.errors)")
      #expect(
        folded.errors.contains("\(form.name) data cannot be read here") && folded.errors.contains(form.library),
        "\(folded.errors)")
    }
  }
}
