import Glibc
import HostSystem
import TestSupport
import Testing

@Suite struct StandardInputTests {
  @Test func `a device is read to its end and a file or nothing is left to others`() throws {
    let directory = try TemporaryDirectory()
    #expect(try StandardInput.readIfStream("/dev/null", limit: 10) == [])
    #expect(try StandardInput.readIfStream(directory(""), limit: 10) == nil)
    #expect(try StandardInput.readIfStream(directory("absent"), limit: 10) == nil)
    #expect(throws: FileError(path: "/dev/zero", code: EFBIG, action: "read")) {
      _ = try StandardInput.readIfStream("/dev/zero", limit: 10)
    }
  }
}
