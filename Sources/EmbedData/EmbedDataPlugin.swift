import Foundation
import PackagePlugin

/// Compiles `Data/` into the target that applies it; see `embed-data` for what becomes of a file.
@main
struct EmbedDataPlugin: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let data = context.package.directoryURL.appending(path: "Data").standardizedFileURL
    let files = try regularFiles(below: data)
    let output = context.pluginWorkDirectoryURL.appending(path: "BundledFiles.swift")
    return [
      .buildCommand(
        displayName: "Embedding Data/",
        executable: try context.tool(named: "embed-data").url,
        arguments: [output.path, data.path] + files.map(\.path),
        inputFiles: files,
        outputFiles: [output])
    ]
  }

  /// Every file that is not hidden, at any depth, in the order of the paths.
  private func regularFiles(below directory: URL) throws -> [URL] {
    var result: [URL] = []
    for name in try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() where !name.hasPrefix(".")
    {
      let entry = directory.appending(path: name)
      var isDirectory: ObjCBool = false
      guard FileManager.default.fileExists(atPath: entry.path, isDirectory: &isDirectory) else { continue }
      if isDirectory.boolValue {
        result += try regularFiles(below: entry)
      } else {
        result.append(entry)
      }
    }
    return result
  }
}
