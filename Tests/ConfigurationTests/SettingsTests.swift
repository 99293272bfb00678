import Glibc
import HostSystem
import TestSupport
import Testing

@testable import Configuration

@Suite struct SettingsTests {
  private func read(_ text: String) -> (settings: Settings, errors: [String]) {
    var errors: [ConfigurationError] = []
    let settings = Settings(parsing: Array(text.utf8), path: "config.yaml", errors: &errors)
    return (settings, errors.map(\.message))
  }

  @Test func `every key is read with its place`() {
    let (settings, errors) = read(
      "color: never\nkernel:\n  database: /srv/kernel.sqlite\n  interval: 15m\n  feeds: [one, https://two.example/]\n")
    #expect(errors == [])
    #expect(settings.color == Located(value: "never", place: "config.yaml:1"))
    #expect(settings.kernelDatabase == Located(value: "/srv/kernel.sqlite", place: "config.yaml:3"))
    #expect(settings.kernelInterval == Located(value: "15m", place: "config.yaml:4"))
    #expect(settings.kernelFeeds.map(\.value) == ["one", "https://two.example/"])
  }

  @Test(arguments: ["", "# nothing\n", "kernel:\n", "---\n"])
  func `nothing is set by an empty file`(text: String) {
    let (settings, errors) = read(text)
    #expect(errors == [])
    #expect(settings == Settings())
  }

  @Test func `every mistake is told with line and column, and the rest counts`() {
    let (settings, errors) = read(
      "colour: red\ncolor: red\nkernel:\n  interval: 0h\n  database: kernel.sqlite\n  feeds: {a: b}\n  every: 1h\n")
    #expect(
      errors == [
        "config.yaml:1:1: unknown key 'colour'; known are color, kernel",
        "config.yaml:2:8: 'color' takes auto, always or never",
        "config.yaml:7:3: unknown key 'every'; known are database, interval, feeds",
        "config.yaml:5:13: 'database' takes an absolute path",
        "config.yaml:4:13: 'interval' takes a time such as 30s, 15m, 1h or 1d",
        "config.yaml:6:10: 'feeds' takes a list of words",
      ])
    #expect(settings == Settings())
    #expect(read("color: [a\n").errors.count == 1)
    #expect(read("kernel: 5\n").errors == ["config.yaml:1:9: 'kernel' takes keys with values below it"])
    #expect(read("- a\n").errors.count == 1)
  }

  @Test func `a person's file goes before the machine's, key by key`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("etc/toolbox/config.yaml", text: "color: never\nkernel: {interval: 1d, feeds: [a]}\n")
    try directory.write("home/.config/toolbox/config.yaml", text: "kernel: {interval: 5m}\n")
    let reading = ConfigurationReading(
      environment: ["HOME": "/home"], userID: 1000, root: RootDirectory(directory.path))
    #expect(reading.errors.isEmpty)
    #expect(reading.files.map(\.state) == [.read, .read])
    #expect(reading.settings.color?.value == "never")
    #expect(reading.settings.kernelInterval?.value == "5m")
    #expect(reading.settings.kernelFeeds.map(\.value) == ["a"])
  }

  @Test func `root uses no file that others could write`() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("etc/toolbox/config.yaml", text: "color: never\n")
    #expect(chmod(path, 0o666) == 0)
    let reading = ConfigurationReading(environment: [:], userID: 0, root: RootDirectory(directory.path))
    #expect(reading.settings == Settings())
    #expect(reading.files.map(\.state) == [.ignored])
    #expect(reading.files[0].why?.isEmpty == false)
  }
}
